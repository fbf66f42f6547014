import Imaging
import Testing

@Suite struct TerminalPreviewTests {
    private let quarters = Picture(
        width: 2, height: 2, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255])

    @Test func trueColourUsesHalfBlocks() {
        let text = TerminalPreview(columns: 2, colours: .trueColour).text(of: quarters)
        #expect(
            text
                == "\u{1B}[38;2;255;0;0;48;2;0;0;255m▀\u{1B}[38;2;0;255;0;48;2;255;255;255m▀\u{1B}[0m\n")
    }

    @Test func theSameColoursAreNamedOnce() {
        let text = TerminalPreview(columns: 4, colours: .palette256).text(of: Picture(width: 10, height: 10))
        let line = "\u{1B}[38;5;16;48;5;16m▀▀▀▀\u{1B}[0m\n"
        #expect(text == line + line)
    }

    @Test func withoutColoursThereAreOnlyCharacters() {
        let gradient = Picture(
            width: 4, height: 2,
            pixels: [0, 90, 170, 255].flatMap { [$0, $0, $0] } + [0, 90, 170, 255].flatMap { [$0, $0, $0] })
        let text = TerminalPreview(columns: 4, colours: .none).text(of: gradient)
        #expect(text == " -*@\n")
    }

    @Test(arguments: [
        (["NO_COLOR": "1", "COLORTERM": "truecolor", "TERM": "xterm"], TerminalPreview.Colours.none),
        (["NO_COLOR": "", "COLORTERM": "truecolor", "TERM": "xterm"], .trueColour),
        (["TERM": "xterm-256color"], .palette256), (["TERM": "dumb", "COLORTERM": "truecolor"], .none), ([:], .none),
    ])
    func environmentDecides(environment: [String: String], expected: TerminalPreview.Colours) {
        #expect(TerminalPreview.Colours(environment: environment) == expected)
    }

    @Test func sizesStayWithinBounds() {
        let tall = TerminalPreview(columns: 80, colours: .none).text(of: Picture(width: 1, height: 5000))
        #expect(tall.split(separator: "\n").count == 500)
        let wide = TerminalPreview(columns: 0, colours: .none).text(of: Picture(width: 5000, height: 1))
        #expect(wide == " \n")
    }

    @Test(
        arguments: [
            ([0, 0, 0], 16), ([255, 255, 255], 231), ([255, 0, 0], 196), ([0, 0, 255], 21), ([128, 128, 128], 244),
            ([8, 8, 8], 232), ([95, 135, 175], 67),
        ] as [([UInt8], Int)])
    func paletteTakesTheNearest(colour: [UInt8], index: Int) {
        #expect(TerminalPreview.paletteIndex(colour[0], colour[1], colour[2]) == index)
    }
}
