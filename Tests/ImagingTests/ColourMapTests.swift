import Foundation
import Imaging
import TestSupport
import Testing

@Suite struct ColourMapTests {
    struct Records: Decodable {
        var tables: [String: Data]
    }

    /// Truth: matplotlib's tables, all 256 entries.
    @Test(arguments: [
        (ColourMap.turbo, "turbo"), (.viridis, "viridis"), (.inferno, "inferno"), (.jet, "jet"),
        (.diverging, "coolwarm"),
    ])
    func equalsMatplotlib(map: ColourMap, name: String) throws {
        let golden = try Golden.decode(Records.self, "colour-maps.json")
        let truth = Array(try #require(golden.tables[name]))
        #expect(truth.count == 768)
        var largest = 0
        for (index, colour) in map.table.enumerated() {
            for (value, expected) in zip([colour.red, colour.green, colour.blue], truth[index * 3..<index * 3 + 3]) {
                largest = max(largest, abs(Int(value) - Int(expected)))
            }
        }
        #expect(largest <= 1)
    }

    @Test(arguments: ColourMap.allCases)
    func endsAndNonNumbersAreClamped(map: ColourMap) {
        #expect(map.colour(at: -3) == map.table[0])
        #expect(map.colour(at: .nan) == map.table[0])
        #expect(map.colour(at: 0.5) == map.table[128])
        #expect(map.colour(at: .infinity) == map.table[255])
    }

    @Test func coloursHaveAHexadecimalForm() {
        #expect(Colour(red: 1, green: 171, blue: 255).description == "#01abff")
        #expect(Colour(hexadecimal: "#01abff") == Colour(red: 1, green: 171, blue: 255))
        #expect(Colour(hexadecimal: "01ABFF") == Colour(red: 1, green: 171, blue: 255))
        for text in ["", "#fff", "#12345g", "#1234567", "+12345"] { #expect(Colour(hexadecimal: text) == nil) }
    }
}
