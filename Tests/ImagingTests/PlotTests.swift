import Imaging
import Testing

/// What a picture shows, found by looking at its pixels.
private struct Pixels {
    let picture: Picture

    private func isPaper(_ x: Int, _ y: Int) -> Bool {
        let index = (y * picture.width + x) * 3
        return picture.pixels[index] == 250 && picture.pixels[index + 1] == 250 && picture.pixels[index + 2] == 250
    }

    func colour(_ x: Int, _ y: Int) -> Colour {
        let index = (y * picture.width + x) * 3
        return Colour(
            red: picture.pixels[index], green: picture.pixels[index + 1], blue: picture.pixels[index + 2])
    }

    /// The smallest box around all pixels of a colour: columns and rows.
    func box(of colour: Colour) -> (x: ClosedRange<Int>, y: ClosedRange<Int>)? {
        var (left, right, top, bottom) = (Int.max, -1, Int.max, -1)
        for y in 0..<picture.height {
            for x in 0..<picture.width where self.colour(x, y) == colour {
                (left, right, top, bottom) = (min(left, x), max(right, x), min(top, y), max(bottom, y))
            }
        }
        return right < 0 ? nil : (left...right, top...bottom)
    }

    func count(of colour: Colour) -> Int {
        (0..<picture.height).reduce(0) { sum, y in
            sum + (0..<picture.width).filter { self.colour($0, y) == colour }.count
        }
    }

    /// How many pixels are not paper.
    func ink(columns: Range<Int>) -> Int {
        columns.reduce(0) { sum, x in
            sum + (0..<picture.height).filter { !isPaper(x, $0) }.count
        }
    }

    /// Whether a strip all around is empty.
    func hasMargin(_ strip: Int) -> Bool {
        let rows = Array(0..<strip) + Array(picture.height - strip..<picture.height)
        return ink(columns: 0..<strip) == 0 && ink(columns: picture.width - strip..<picture.width) == 0
            && rows.allSatisfy { y in (0..<picture.width).allSatisfy { isPaper($0, y) } }
    }
}

private let longText = String(repeating: "/features/denseblock4/denselayer16/conv2/", count: 9)

@Suite struct MapGridTests {
    private func solid(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Picture {
        Picture(width: 20, height: 20, red: red, green: green, blue: blue)
    }

    @Test func mapsStandInRowsAndColumnsWithThePhotographInFront() throws {
        let grid = MapGrid(
            title: "Sanity check", rows: [MapGrid.Row("gradient", photograph: solid(9, 9, 9)), MapGrid.Row("cam")],
            blocks: [
                .init(title: "absolute", columns: ["a", "b"], maps: [[solid(255, 0, 0), solid(0, 255, 0)], [nil]]),
                .init(title: "diverging", columns: ["a"], maps: [[], [solid(0, 0, 255)]]),
            ])
        let pixels = Pixels(picture: try grid.draw())
        let photograph = try #require(pixels.box(of: Colour(grey: 9)))
        let red = try #require(pixels.box(of: Colour(red: 255, green: 0, blue: 0)))
        let green = try #require(pixels.box(of: Colour(red: 0, green: 255, blue: 0)))
        let blue = try #require(pixels.box(of: Colour(red: 0, green: 0, blue: 255)))
        #expect(red.x.count == 112)
        #expect(red.y.count == 112)
        #expect(photograph.x.upperBound < red.x.lowerBound)
        #expect(photograph.y == red.y)
        #expect(red.x.upperBound < green.x.lowerBound)
        #expect(red.y == green.y)
        #expect(green.x.upperBound < blue.x.lowerBound)
        #expect(green.y.upperBound < blue.y.lowerBound)
        #expect(green.x.lowerBound - red.x.upperBound < blue.x.lowerBound - green.x.upperBound)
    }

    @Test func blocksThatWouldBeTooSmallStandOneBelowTheOther() throws {
        let columns = (0..<25).map { "layer \($0)" }
        let maps = [[Picture?]](repeating: Array(repeating: solid(255, 0, 0), count: 25), count: 1)
        let other = [[Picture?]](repeating: Array(repeating: solid(0, 0, 255), count: 25), count: 1)
        for (count, stands) in [(25, true), (4, false)] {
            let grid = MapGrid(
                title: "", rows: [.init("m")],
                blocks: [
                    .init(columns: Array(columns.prefix(count)), maps: maps),
                    .init(columns: Array(columns.prefix(count)), maps: other),
                ])
            let pixels = Pixels(picture: try grid.draw())
            let red = try #require(pixels.box(of: Colour(red: 255, green: 0, blue: 0)))
            let blue = try #require(pixels.box(of: Colour(red: 0, green: 0, blue: 255)))
            #expect((red.y.upperBound < blue.y.lowerBound) == stands)
            #expect((red.x == blue.x) == stands)
        }
    }

    @Test func verdictsHaveTheirColours() throws {
        func drawn(_ mood: MapGrid.Verdict.Mood) throws -> Pixels {
            let row = MapGrid.Row("m", verdict: .init("VERDICT", reason: "because of this", mood: mood))
            return Pixels(
                picture: try MapGrid(title: "", rows: [row], blocks: [.init(columns: ["a"], maps: [])]).draw())
        }
        let (good, bad) = (Colour(red: 17, green: 119, blue: 51), Colour(red: 196, green: 24, blue: 34))
        #expect(try drawn(.good).count(of: good) > 20)
        #expect(try drawn(.good).count(of: bad) == 0)
        #expect(try drawn(.bad).count(of: bad) > 20)
        #expect(try drawn(.bad).count(of: good) == 0)
    }

    @Test(arguments: [1, 3, 60])
    func nothingLeavesThePaper(columns: Int) throws {
        let names = Array(repeating: longText, count: columns)
        let maps = [Array<Picture?>(repeating: Picture(width: 9, height: 90), count: columns), []]
        let scale = ColourScale(map: .diverging, low: -1, high: 1)
        for verdict in [nil, MapGrid.Verdict(longText, reason: longText + " " + longText, mood: .doubtful)] {
            let row = MapGrid.Row(longText, photograph: columns == 3 ? solid(1, 2, 3) : nil, verdict: verdict)
            let block = MapGrid.Block(title: longText, columns: names, maps: maps, scale: scale)
            let grid = MapGrid(
                title: longText, subtitle: longText, rows: [row, row], blocks: [block, block],
                arrangement: columns == 1 ? .stacked : nil, captions: [longText], width: 2400, largestCell: 60)
            let drawn = try grid.draw()
            #expect(drawn.width <= 2400)
            #expect(Pixels(picture: drawn).hasMargin(8))
        }
    }

    @Test func whatCannotBeDrawnIsRefused() {
        let block = MapGrid.Block(columns: ["a"], maps: [])
        let many = MapGrid.Block(columns: Array(repeating: "a", count: 500), maps: [])
        for grid in [
            MapGrid(title: "", rows: [], blocks: [block]), MapGrid(title: "", rows: [.init("m")], blocks: []),
            MapGrid(title: "", rows: [.init("m")], blocks: [.init(columns: [], maps: [])]),
            MapGrid(title: "", rows: [.init("m")], blocks: [many]),
            MapGrid(title: "", rows: [.init("m")], blocks: [block], width: 5000),
            MapGrid(title: "", rows: [.init("m")], blocks: [block], largestCell: 0),
        ] {
            #expect(throws: ImagingError.self) { try grid.draw() }
        }
    }
}

@Suite struct LinePlotTests {
    /// The colours of the first two series.
    private let blue = Colour(red: 0, green: 114, blue: 178)
    private let orange = Colour(red: 213, green: 94, blue: 0)

    /// The rows of a series' line, without the sample in the legend.
    private func box(_ plot: LinePlot, _ colour: Colour) throws -> (x: ClosedRange<Int>, y: ClosedRange<Int>)? {
        var plot = plot
        plot.width = 1000
        plot.captions = []
        let drawn = try plot.draw()
        // The legend's column begins right of the longest possible plot of these names.
        var cut = Picture(width: 800, height: drawn.height)
        cut.mutatePixels { pixels in
            for y in 0..<drawn.height {
                for x in 0..<800 * 3 { pixels[y * 800 * 3 + x] = drawn.pixels[y * drawn.width * 3 + x] }
            }
        }
        return Pixels(picture: cut).box(of: colour)
    }

    @Test func heightsAreInProportionToValues() throws {
        func row(of value: Double) throws -> Double {
            let series = LinePlot.Series("s", values: [value, value])
            let plot = LinePlot(title: "", positions: ["a", "b"], series: [series], range: 0...1, plotHeight: 500)
            let rows = try #require(try box(plot, blue)).y
            return Double(rows.lowerBound + rows.upperBound) / 2
        }
        let (zero, half, one) = (try row(of: 0), try row(of: 0.5), try row(of: 1))
        // Markers at the ends are cut by at most their overlap with the axis.
        #expect(abs(zero - one - 500) <= 4)
        #expect(abs(half - (zero + one) / 2) <= 2)
    }

    @Test func missingValuesLeaveGaps() throws {
        let whole = LinePlot.Series("s", values: [0.5, 0.5, 0.5, 0.5, 0.5])
        var broken = whole
        broken.values[2] = .nan
        func columns(_ series: LinePlot.Series) throws -> Int {
            let positions = ["a", "b", "c", "d", "e"]
            let plot = LinePlot(title: "", positions: positions, series: [series], width: 1000)
            let pixels = Pixels(picture: try plot.draw())
            let rows = try #require(pixels.box(of: blue)).y
            return (0..<800).filter { x in rows.contains { pixels.colour(x, $0) == blue } }.count
        }
        let (without, with) = (try columns(whole), try columns(broken))
        #expect(with < without - 200)
        #expect(with > 200)
    }

    @Test func aBandIsPalerThanItsLine() throws {
        let series = LinePlot.Series("s", values: [0.5, 0.5], low: [0.3, 0.3], high: [0.7, 0.7])
        let plot = LinePlot(title: "", positions: ["a", "b"], series: [series], width: 1000)
        let pixels = Pixels(picture: try plot.draw())
        let bare = LinePlot(
            title: "", positions: ["a", "b"], series: [.init("s", values: [0.5, 0.5])], width: 1000)
        let bareInk = Pixels(picture: try bare.draw()).ink(columns: 100..<700)
        // 40 % of 520 rows between the two positions.
        #expect(pixels.ink(columns: 100..<700) - bareInk > 100 * 300)
        #expect(pixels.count(of: blue) < 100 * 300)
    }

    @Test func theLegendStandsRightOfThePlot() throws {
        let plot = LinePlot(
            title: "", positions: ["a", "b"],
            series: [.init("one", values: [1, 1]), .init("two", values: [.nan, .nan])],
            references: [.init("floor", value: 0.4)], width: 1000)
        let pixels = Pixels(picture: try plot.draw())
        // The second series has no value, so that its colour is in the legend only.
        let sample = try #require(pixels.box(of: orange))
        #expect(sample.x.lowerBound > 800)
        #expect(try box(plot, orange) == nil)
    }

    static let values: [[Double]] = [
        [], [.nan], [0.5], [1e300, -1e300], [.infinity, 0.2, -.infinity], [5, 7, 9, 11], [-3e-9, 0, 1],
    ]

    @Test(arguments: values)
    func anyValuesAreDrawnOnThePaper(values: [Double]) throws {
        for count in [1, 3, 60, 300] {
            let series = LinePlot.Series(longText, values: values, low: values, high: values.map { $0 * 1.1 })
            let plot = LinePlot(
                title: longText, subtitle: longText, positions: Array(repeating: longText, count: count),
                horizontal: longText, vertical: longText,
                series: Array(repeating: series, count: count == 3 ? 30 : 2),
                references: [.init(longText, value: values.first ?? .nan)], captions: [longText])
            let drawn = try plot.draw()
            #expect(drawn.width == 1400)
            #expect(Pixels(picture: drawn).hasMargin(6))
        }
    }

    @Test func twoSeriesNeverLookAlike() throws {
        let count = 24
        let series = Array(repeating: LinePlot.Series("s", values: []), count: count)
        let pixels = Pixels(
            picture: try LinePlot(title: "", positions: ["a"], series: series, width: 1000, plotHeight: 600).draw())
        // Equal names leave only the samples to differ; a line of the legend is 23 pixels high.
        let samples = (0..<count).map { index -> [Colour] in
            let top = 36 + 10 + index * 23
            return (top..<top + 20).flatMap { y in (900..<964).map { pixels.colour($0, y) } }
        }
        #expect(Set(samples).count == count)
        #expect(samples.allSatisfy { Set($0).count > 2 })
    }

    @Test func whatCannotBeDrawnIsRefused() {
        let series = [LinePlot.Series("s", values: [1])]
        for plot in [
            LinePlot(title: "", positions: [], series: series),
            LinePlot(title: "", positions: ["a"], series: series, width: 3000),
            LinePlot(title: "", positions: ["a"], series: series, plotHeight: 5),
            LinePlot(title: "", positions: ["a"], series: series, range: 2...2),
            LinePlot(title: "", positions: ["a"], series: series, range: 0...Double.infinity),
        ] {
            #expect(throws: ImagingError.self) { try plot.draw() }
        }
    }
}

@Suite struct IntervalPlotTests {
    @Test func barsAreAsLongAsTheirValues() throws {
        func length(_ value: Double) throws -> Int {
            let plot = IntervalPlot(title: "", bars: [.init("m", value: value), .init("n", value: 0)], range: 0...1)
            let pixels = Pixels(picture: try plot.draw())
            // The bar is the only thing of its colour: three quarters of blue over paper.
            let middle = 36 + 15
            let first = try #require((0..<pixels.picture.width).first { isBar(pixels.colour($0, middle)) })
            let last = try #require((0..<pixels.picture.width).last { isBar(pixels.colour($0, middle)) })
            return last - first
        }
        let (quarter, half) = (try length(0.25), try length(0.5))
        #expect(quarter > 100)
        #expect(abs(half - 2 * quarter) <= 4)
    }

    private func isBar(_ colour: Colour) -> Bool { colour.red < 120 && colour.blue > 170 }

    @Test func anythingIsDrawnOnThePaper() throws {
        for value in [0.5, .nan, 1e300, 0] {
            for other in [-0.2, .nan, -.infinity] {
                let bar = IntervalPlot.Bar(longText, value: value, low: other, high: value, isReference: value == 0)
                for bars in [[], [bar, bar]] {
                    let drawn = try IntervalPlot(
                        title: longText, bars: bars, horizontal: longText, captions: [longText]
                    ).draw()
                    #expect(Pixels(picture: drawn).hasMargin(6))
                }
            }
        }
    }

    @Test func whatCannotBeDrawnIsRefused() {
        let bar = IntervalPlot.Bar("m", value: 1)
        #expect(throws: ImagingError.self) { try IntervalPlot(title: "", bars: [bar], width: 9).draw() }
        #expect(throws: ImagingError.self) { try IntervalPlot(title: "", bars: [bar], range: 1...1).draw() }
        #expect(throws: ImagingError.self) {
            try IntervalPlot(title: "", bars: Array(repeating: bar, count: 2000)).draw()
        }
    }
}
