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
        let columns = ["trained"] + columnNames.prefix(count - 1)
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
                verdict: MapGrid.Verdict(
                    result.verdict.rawValue, reason: Self.reason(result), mood: Self.mood(result.verdict)))
        }
        let grid = MapGrid(
            title: "Do maps depend on what the model learnt?",
            subtitle: "\(Self.name(report.model)) · \(report.mode) randomisation: \(depths) · first of \(pictures)",
            rows: rows,
            blocks: [
                block("absolute: where the map is strong", .inferno, .clipped(percentile: 99)) { $0.absolute },
                block("diverging: with signs (red speaks for, blue against)", .diverging, .symmetric()) {
                    $0.diverging
                },
            ], arrangement: .stacked,
            captions: [
                "Every map has its own scale, to its 99th percentile. Initialiser \(report.initialiser), target \(report.target).",
                "Numbers: Spearman's rank correlation of the trained model's map with the randomised model's, mean over the upper half of the layers and all pictures, and with Sobel's edges; in brackets that of different pictures, and the part above it that is kept (95 % interval).",
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
            let floors = report.methods.compactMap { method in
                method.curves[index].floor.map { (name: method.label, value: $0.mean) }
            }.sorted { $0.value < $1.value }
            let labels = report.methods.compactMap { method in
                method.curves[index].labels.map { "\(method.label) \(SanityNumbers.text($0.mean))" }
            }
            let plot = LinePlot(
                title: "\(name): the trained model's map and the randomised model's",
                subtitle:
                    "\(Self.name(report.model)) · \(report.mode) · \(pictures), \(report.seeds) seed\(report.seeds == 1 ? "" : "s"); bands: one deviation",
                positions: columnNames, horizontal: "randomised: \(depths)", vertical: name,
                series: series,
                references: (floors.count > 1 ? [floors[0], floors[floors.count - 1]] : floors).map {
                    LinePlot.Reference("different pictures: \($0.name)", value: $0.value)
                },
                captions: [
                    "Level lines: maps of different pictures, of the method where they are least alike and of that where they are most."
                ]
                    + (labels.isEmpty
                        ? [] : ["The map of the model trained on permuted labels: \(labels.joined(separator: ", "))."]))
            return (name, try plot.draw())
        }
    }

    /// What a column's name says.
    private var depths: String {
        report.mode == SanityCheckOptions.Mode.cascading.rawValue
            ? "from the scores down to the named layer"
            : "one block alone, from below the layer named before down to the named one"
    }

    private var pictures: String { "\(report.pictures.count) picture\(report.pictures.count == 1 ? "" : "s")" }

    /// The lowest layer of every block, without the ends of paths that several share: `/Conv`.
    private var columnNames: [String] {
        let names = report.blocks.map { $0.layers.last ?? $0.name }
        func end(_ name: String) -> Substring? { name.lastIndex(of: "/").map { name[$0...] } }
        let ends = Dictionary(grouping: names.compactMap(end), by: { $0 }).filter { $0.value.count > 1 }
        let short = names.map { name in
            guard let end = end(name), ends[end] != nil, end.count < name.count else { return name }
            return String(name.dropLast(end.count))
        }
        return Set(short).count == short.count ? short : names
    }

    private static func reason(_ result: SanityReport.MethodResult) -> String {
        guard let numbers = result.numbers else { return "too little was measured" }
        let text = SanityNumbers.text
        let choice =
            result.verdict == .undecided && !result.possible.isEmpty
            ? result.possible.map(\.rawValue).joined(separator: " or ")
                + (result.needed.map { " (about \($0) \(result.intervals?.unit ?? "pictures"))" } ?? "") + "; " : ""
        func kept(_ part: SanityIntervals.Part?) -> String {
            part.map { ", \(text($0.low)) to \(text($0.high)) kept" } ?? ""
        }
        return choice
            + "absolute \(text(numbers.randomised)) (\(text(numbers.floor))\(kept(result.intervals?.absolute))), signed \(text(numbers.randomisedDiverging)) (\(text(numbers.floorDiverging))\(kept(result.intervals?.diverging))), Sobel \(text(numbers.edges)) (\(text(numbers.floorEdges)))"
    }

    private static func mood(_ verdict: SanityVerdict) -> MapGrid.Verdict.Mood {
        switch verdict {
        case .pass: .good
        case .caution: .doubtful
        case .fail: .bad
        case .undecided: .neutral
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
