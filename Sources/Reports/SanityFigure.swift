package import Evaluation
import Explanations
package import Imaging
import Tensors

/// The figures of a sanity check: maps of one picture over the depth of randomisation, and curves over all pictures.
package struct SanityFigure {
    private let report: SanityReport
    private let measurements: SanityMeasurements
    private let photograph: Picture?

    /// - Parameter photograph: The first picture.
    package init(_ report: SanityReport, _ measurements: SanityMeasurements, photograph: Picture?) {
        self.report = report
        self.measurements = measurements
        self.photograph = photograph
    }

    /// Rows are methods, columns the depth of randomisation, blocks the two views; every map is coloured by its own range, because
    /// the scale of a random model's map says nothing.
    package func grid() throws -> Picture {
        let indices = measurements.methods.indices.filter { measurements.gallery[$0].count > 1 }
        let count = indices.map { measurements.gallery[$0].count }.max() ?? 1
        let columns = ["trained"] + report.blocks.prefix(count - 1).map(\.name)
        func block(
            _ title: String, _ colours: ColourMap, _ range: DisplayRange, _ view: (MapViews) -> Tensor<Float>
        ) -> MapGrid.Block {
            MapGrid.Block(
                title: title, columns: columns,
                maps: indices.map { method in
                    measurements.gallery[method].map { $0.map { Self.picture(view($0), colours, range) } }
                })
        }
        let rows = indices.map { index in
            let result = report.methods[index]
            return MapGrid.Row(
                result.label, photograph: photograph,
                verdict: MapGrid.Verdict(result.verdict.rawValue, reason: Self.reason(result), mood: Self.mood(result.verdict)))
        }
        let grid = MapGrid(
            title: "Do maps depend on what the model learnt?",
            subtitle: "\(Self.name(report.model)) · \(report.mode) randomisation from the scores down · first of \(report.pictures.count) picture\(report.pictures.count == 1 ? "" : "s")",
            rows: rows,
            blocks: [
                block("absolute: where the map is strong", .inferno, .clipped(percentile: 99)) { $0.absolute },
                block("diverging: with signs (red speaks for, blue against)", .diverging, .symmetric()) { $0.diverging },
            ], arrangement: .stacked,
            captions: [
                "Every map has its own scale, to its 99th percentile. Initialiser \(report.initialiser), target \(report.target).",
                "Numbers: Spearman's rank correlation with the trained model's map, mean over the upper half of the layers and all pictures; in brackets that of different pictures.",
            ])
        return try grid.draw()
    }

    /// One plot a similarity: a line for every method with a band of one deviation over pictures and seeds.
    package func curves() throws -> [(name: String, picture: Picture)] {
        try measurements.similarities.indices.map { index in
            let name = measurements.similarities[index].name
            let series = report.methods.map { method in
                let points = method.curves[index].points
                return LinePlot.Series(
                    method.label, values: points.map { $0?.mean ?? .nan },
                    low: points.map { $0.map { $0.mean - $0.deviation } ?? .nan },
                    high: points.map { $0.map { $0.mean + $0.deviation } ?? .nan })
            }
            let floors = report.methods.compactMap { $0.curves[index].floor?.mean }
            let plot = LinePlot(
                title: "\(name): the trained model's map and the randomised model's",
                subtitle: "\(Self.name(report.model)) · \(report.mode) · \(report.pictures.count) pictures, \(report.seeds) seed\(report.seeds == 1 ? "" : "s"); bands: one deviation",
                positions: report.blocks.map(\.name), horizontal: "randomised from the scores down to", vertical: name,
                series: series,
                references: floors.isEmpty
                    ? []
                    : [
                        LinePlot.Reference("different pictures, least of all methods", value: floors.min() ?? .nan),
                        LinePlot.Reference("different pictures, most", value: floors.max() ?? .nan),
                    ])
            return (name, try plot.draw())
        }
    }

    private static func reason(_ result: SanityReport.MethodResult) -> String {
        guard let numbers = result.numbers else { return "too little was measured" }
        func text(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
        return
            "absolute \(text(numbers.randomised)) (\(text(numbers.floor))), signed \(text(numbers.randomisedDiverging)) (\(text(numbers.floorDiverging)))"
    }

    private static func mood(_ verdict: SanityVerdict) -> MapGrid.Verdict.Mood {
        switch verdict {
        case .pass: .good
        case .caution: .doubtful
        case .fail: .bad
        }
    }

    private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private static func picture(_ map: Tensor<Float>, _ colours: ColourMap, _ range: DisplayRange) -> Picture {
        let table = colours.table
        let pixels = range.normalised(map).elements.flatMap { value -> [UInt8] in
            guard value.isFinite else { return [128, 128, 128] }
            let colour = table[Int(value * 255 + 0.5)]
            return [colour.red, colour.green, colour.blue]
        }
        return Picture(width: map.shape[1], height: map.shape[0], pixels: pixels)
    }
}
