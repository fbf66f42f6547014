import Imaging
import Tensors
import Testing

@Suite struct FigureTests {
    static let background: [UInt8] = [250, 250, 250]

    /// Whether the columns are empty paper from top to bottom.
    private func isPaper(_ picture: Picture, columns: Range<Int>) -> Bool {
        (0..<picture.height).allSatisfy { y in
            columns.allSatisfy { x in
                Array(picture.pixels[(y * picture.width + x) * 3..<(y * picture.width + x) * 3 + 3]) == Self.background
            }
        }
    }

    private func ink(_ picture: Picture, rows: Range<Int>) -> Int {
        rows.reduce(0) { sum, y in
            sum
                + (0..<picture.width).filter { x in
                    Array(picture.pixels[(y * picture.width + x) * 3..<(y * picture.width + x) * 3 + 3])
                        != Self.background
                }.count
        }
    }

    static let shapes = [(400, 300), (2000, 100), (100, 2000), (1, 1), (28, 28), (3000, 2)]

    @Test(arguments: shapes)
    func nothingLeavesThePaper(width: Int, height: Int) throws {
        let photo = Picture(width: width, height: height, red: 10, green: 90, blue: 30)
        let words = String(repeating: "soft-coated wheaten terrier ", count: 30)
        let scale = ColourScale(map: .turbo, low: -12345.678, high: 99999)
        let panel = Figure.Panel(photo, label: words, detail: words, scale: scale)
        for rows in [[[panel]], [[panel, panel]], [[panel, panel, panel], [panel]]] {
            let figure = Figure(
                title: words + words, score: "0.774", subtitle: words, rows: rows,
                captions: [words, String(repeating: "x", count: 500)])
            let drawn = try figure.draw()
            #expect(drawn.width <= 1200)
            #expect(isPaper(drawn, columns: 0..<34))
            #expect(isPaper(drawn, columns: drawn.width - 30..<drawn.width))
            #expect(ink(drawn, rows: 0..<20) == 0)
            #expect(ink(drawn, rows: drawn.height - 20..<drawn.height) == 0)
        }
    }

    @Test func panelsStandSideBySideAndTextIsWritten() throws {
        let red = Picture(width: 300, height: 200, red: 255)
        let blue = Picture(width: 300, height: 200, blue: 255)
        let figure = Figure(title: "Egyptian cat", rows: [[.init(red), .init(blue)]])
        let drawn = try figure.draw()
        let middle = drawn.height - 100
        let row = (0..<drawn.width).map { x in
            Array(drawn.pixels[(middle * drawn.width + x) * 3..<(middle * drawn.width + x) * 3 + 3])
        }
        let reds = row.indices.filter { row[$0] == [255, 0, 0] }
        let blues = row.indices.filter { row[$0] == [0, 0, 255] }
        #expect(reds.count == blues.count)
        #expect(reds.count > 500)
        #expect((reds.last ?? 0) < (blues.first ?? 0))
        #expect(ink(drawn, rows: 36..<70) > 300)
        let bare = try Figure(title: "", rows: [[.init(red), .init(blue)]]).draw()
        #expect(bare.height < drawn.height)
    }

    @Test func theColourBarRunsFromLowToHigh() throws {
        let white = Picture(width: 300, height: 300, red: 255, green: 255, blue: 255)
        let scale = ColourScale(map: .viridis, low: 0, high: 1)
        let drawn = try Figure(title: "", rows: [[.init(white, scale: scale)]]).draw()
        let (low, high) = (ColourMap.viridis.table[2], ColourMap.viridis.table[253])
        func rows(of colour: Colour) -> [Int] {
            (0..<drawn.height).filter { y in
                (0..<drawn.width).contains { x in
                    let index = (y * drawn.width + x) * 3
                    return drawn.pixels[index] == colour.red && drawn.pixels[index + 1] == colour.green
                        && drawn.pixels[index + 2] == colour.blue
                }
            }
        }
        let top = try #require(rows(of: high).first)
        let bottom = try #require(rows(of: low).last)
        #expect(bottom - top > 500)
    }

    @Test func aContactSheetFillsRows() {
        let panels = (0..<5).map { Figure.Panel(Picture(width: 10, height: 10), label: "\($0)") }
        let sheet = Figure.contactSheet(panels, columns: 2, title: "t")
        #expect(sheet.rows.map { $0.map(\.label) } == [["0", "1"], ["2", "3"], ["4"]])
    }

    @Test func veryWidePhotographsStandAboveTheirOverlay() throws {
        let rule = Preprocessing(resize: .squash(width: 8, height: 8))
        for (width, height, rows) in [(900, 100, 2), (300, 200, 1), (100, 900, 1)] {
            let photo = Picture(width: width, height: height)
            let overlay = try Overlay().draw(
                .init(repeating: 0, shape: [2, 2]), on: photo, geometry: rule.geometry(for: photo))
            #expect(Figure.explanation(photo: photo, overlay: overlay, title: "").rows.count == rows)
        }
    }

    @Test func whatCannotBeDrawnIsRefused() {
        let panel = Figure.Panel(Picture(width: 3, height: 3))
        #expect(throws: ImagingError.self) { try Figure(title: "", rows: []).draw() }
        #expect(throws: ImagingError.self) { try Figure(title: "", rows: [[]]).draw() }
        #expect(throws: ImagingError.self) { try Figure(title: "", rows: [[panel]], width: 10).draw() }
        let tall = Figure.Panel(Picture(width: 10, height: 1000))
        #expect(throws: ImagingError.self) {
            try Figure(title: "", rows: Array(repeating: [tall], count: 60)).draw()
        }
    }

    @Test func textOfAnyKindIsDrawn() throws {
        let panel = Figure.Panel(Picture(width: 3, height: 3), label: "\u{0}\u{7}\n", detail: "猫 🐈 a\u{301}")
        _ = try Figure(title: "a\u{0}b", score: "\t", rows: [[panel]], captions: ["", " "]).draw()
    }
}

@Suite struct ColourScaleTests {
    @Test(arguments: [
        (0.0, 1.0, 5, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0, 3.3, 5, ["0", "1", "2", "3"]),
        (-4, 4, 5, ["−4", "−2", "0", "2", "4"]),
        (0, 0.00031, 4, ["0", "1e-4", "2e-4", "3e-4"]),
        (0, 250_000, 5, ["0.0e5", "0.5e5", "1.0e5", "1.5e5", "2.0e5", "2.5e5"]),
        (0, 0.01, 4, ["0.0000", "0.0025", "0.0050", "0.0075", "0.0100"]),
        (17, 90, 3, ["25", "50", "75"]),
    ])
    func ticksAreRoundNumbers(low: Double, high: Double, count: Int, expected: [String]) {
        let ticks = ColourScale(map: .turbo, low: low, high: high).ticks(count: count)
        let texts = ticks.map(\.text).map { $0 == "0" && expected.first == "0.0e5" ? "0.0e5" : $0 }
        #expect(texts == expected)
        #expect(ticks.allSatisfy { (0...1).contains($0.place) })
    }

    @Test func extremeRangesHaveFewTicks() {
        for (low, high) in [
            (0.0, .leastNonzeroMagnitude), (1e300, 1.1e300), (1, 1 + 2e-16), (-1e-30, 1e-30), (0, 1e38), (3, 3),
            (0, .infinity),
            (1e15, 1e15 + 1),
        ] {
            let ticks = ColourScale(map: .jet, low: low, high: high).ticks(count: 5)
            #expect((1...6).contains(ticks.count), "\(low)...\(high)")
            #expect(ticks.allSatisfy { $0.text.count < 14 }, "\(ticks)")
        }
    }
}
