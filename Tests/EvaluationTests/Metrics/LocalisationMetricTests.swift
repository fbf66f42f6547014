import Evaluation
import Explanations
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct LocalisationMetricTests {
    private struct GoldenFile: Decodable {
        struct Case: Decodable {
            let height: Int
            let width: Int
            let map: [Float]
            let boxes: [[Double]]
            let mask: [Float?]
            let values: [String: Double]

            func subject() throws -> EvaluationSubject {
                try LocalisationMetricTests.subject(
                    map, height, width, boxes: boxes.map { Box(left: $0[0], top: $0[1], right: $0[2], bottom: $0[3]) },
                    mask: mask.map { $0 ?? .nan })
            }
        }

        let tolerance: Double
        let cases: [Case]
        let summaries: [String: Double]
    }

    /// A picture about which something is known; the model is asked nothing.
    static func subject(
        _ map: [Float], _ height: Int, _ width: Int, boxes: [Box] = [], mask: [Float]? = nil, rank: Int? = nil,
        label: String? = nil, scale: Double = 1, display: MethodDescription.Display = .positive
    ) throws -> EvaluationSubject {
        let asked = try MetricToys.subject(
            MetricToys.linear([[1]], channels: 1, height: 1, width: 1),
            picture: MetricToys.tensor([1], [1, 1, 1, 1]), map: MetricToys.tensor([1], [1, 1]))
        let shape: Shape = [height, width]
        return EvaluationSubject(
            experiment: asked.experiment, probability: nil, method: asked.method, display: display, raw: asked.raw,
            map: asked.map,
            truth: GroundTruth(
                map: try MetricToys.tensor(map, shape), boxes: boxes,
                mask: try mask.map { try MetricToys.tensor($0, shape) }, rank: rank, label: label,
                scale: scale))
    }

    private func value(_ metric: String, _ subject: EvaluationSubject) throws -> Double {
        try MetricToys.measure(metric, subject).value
    }

    // MARK: SciPy

    private static func golden() throws -> GoldenFile {
        // The golden files lie beside this file's folder.
        let folder = URL(filePath: #filePath).deletingLastPathComponent().path
        return try Golden.decode(GoldenFile.self, "localisation.json", beside: folder)
    }

    @Test func valuesOfTheScript() throws {
        let golden = try Self.golden()
        for (index, toy) in golden.cases.enumerated() {
            let subject = try toy.subject()
            for (metric, expected) in toy.values {
                let found = try value(metric, subject)
                #expect(
                    abs(found - expected) < golden.tolerance, "\(metric) of case \(index): \(found), not \(expected)")
            }
        }
    }

    @Test func summariesTakeOneThresholdForAll() throws {
        let golden = try Self.golden()
        for (name, expected) in golden.summaries {
            let metric = try MetricCatalogue.metric(MethodSpecification(parsing: name))
            let found = metric.summary(of: try golden.cases.map { try metric.measurement(of: $0.subject()) })
            #expect(abs(found - expected) < golden.tolerance, "\(name): \(found), not \(expected)")
        }
    }

    // MARK: By hand

    /// Edges 10.6 and 11.4 hold no pixel's centre; the box's centre, 11.0, lies in pixel 11.
    @Test func aThinBoxIsOnePixelWide() throws {
        for (left, right, hot) in [(10.6, 11.4, 11), (10.51, 10.6, 10), (19.6, 20.0, 19), (0.0, 0.3, 0)] {
            var map = [Float](repeating: 0, count: 40)
            map[hot] = 1
            let box = Box(left: left, top: 0, right: right, bottom: 1)
            let subject = try Self.subject(map, 2, 20, boxes: [box])
            #expect(try value("energy-inside", subject) == 1)
            #expect(try value("pointing-game:tolerance=0", subject) == 1)
        }
    }

    @Test func theToleranceIsInPixelsOfThePhotograph() throws {
        var map = [Float](repeating: 0, count: 40)
        map[30] = 1
        for (scale, distance, expected) in [(1.0, 15, 1.0), (1, 16, 0), (0.25, 3, 1), (0.25, 4, 0), (0.5, 7, 1)] {
            let box = Box(left: 0, top: 0, right: Double(31 - distance), bottom: 1)
            let subject = try Self.subject(map, 1, 40, boxes: [box], scale: scale)
            #expect(try value("pointing-game", subject) == expected, "\(distance) at \(scale)")
        }
    }

    /// Two regions: a 2 x 2 block of 8 at the upper left, and three pixels of 2 that touch at corners, at the lower right.
    private static let blocks: [Float] = [
        8, 8, 0, 0, 0,
        8, 8, 0, 0, 0,
        0, 0, 0, 0, -9,
        0, 0, 2, 0, 2,
        0, 0, 0, 2, 0,
    ]

    @Test func regionsTouchAtCorners() throws {
        let lower = try Self.subject(Self.blocks, 5, 5, boxes: [Box(left: 2, top: 3, right: 5, bottom: 5)])
        // 20 % of 8 is 1.6: the largest region is the block, which does not touch the object; the other is the object's box.
        #expect(try value("box-iou", lower) == 0)
        #expect(try value("box-iou:component=all", lower) == 1)
        #expect(try value("box-iou:component=all,fraction=0.25", lower) == 0)  // 2 does not exceed 2
        // Half of the block's box and as much outside: 2 of 6 pixels.
        let upper = try Self.subject(Self.blocks, 5, 5, boxes: [Box(left: 1, top: 0, right: 3, bottom: 2)])
        #expect(abs(try value("box-iou", upper) - 1.0 / 3) < 1e-12)
        #expect(try value("gt-known", upper) == 0)
        #expect(try value("gt-known:iou=0.33", upper) == 1)
    }

    @Test(arguments: [(0, 0.0, 0.0), (1, 1, 0), (4, 1, 0), (5, 1, 1)])
    func theModelsRankDecides(rank: Int, first: Double, firstFive: Double) throws {
        let box = Box(left: 0, top: 0, right: 2, bottom: 2)
        let right = try Self.subject(Self.blocks, 5, 5, boxes: [box], rank: rank)
        #expect(try value("top-1-localisation-error", right) == first)
        #expect(try value("top-5-localisation-error", right) == firstFive)
        let wrong = try Self.subject(
            Self.blocks, 5, 5, boxes: [Box(left: 3, top: 3, right: 5, bottom: 5)], rank: rank)
        #expect(try value("top-1-localisation-error", wrong) == 1)
        #expect(try value("top-5-localisation-error", wrong) == 1)
    }

    /// The energy is 4·8 + 3·2 = 38; negative values and what the model did not see are none.
    @Test func energyOnTheObject() throws {
        var map = Self.blocks
        map[4] = .nan
        let mask: [Float] = (0..<25).map { $0 == 0 ? .nan : $0 < 5 ? 1 : 0 }
        let subject = try Self.subject(map, 5, 5, boxes: [Box(left: 0, top: 0, right: 5, bottom: 1)], mask: mask)
        #expect(abs(try value("energy-inside", subject) - 16.0 / 38) < 1e-12)
        #expect(abs(try value("energy-inside:of=mask", subject) - 8.0 / 30) < 1e-12)
    }

    @Test func theMaximumPoints() throws {
        // One maximum at (30, 10) of a picture of 60 x 60: the boxes' first columns are 15 and 16 pixels to the right.
        var map = [Float](repeating: 0, count: 3600)
        map[30 * 60 + 10] = 1
        for (left, hit) in [(25.0, 1.0), (26, 0)] {
            let subject = try Self.subject(map, 60, 60, boxes: [Box(left: left, top: 0, right: 60, bottom: 60)])
            #expect(try value("pointing-game", subject) == hit)
            #expect(try value("pointing-game:tolerance=16", subject) == 1)
        }
        // 9 right and 12 down is 15 away.
        for (row, hit) in [(42, 1.0), (43, 0)] {
            var mask = [Float](repeating: 0, count: 3600)
            mask[row * 60 + 19] = 1
            let subject = try Self.subject(
                map, 60, 60, boxes: [Box(left: 0, top: 0, right: 60, bottom: 60)], mask: mask)
            #expect(try value("pointing-game:of=mask", subject) == hit)
        }
    }

    @Test func meansOverClasses() throws {
        let hit = Box(left: 0, top: 0, right: 2, bottom: 2)
        let miss = Box(left: 4, top: 4, right: 5, bottom: 5)
        let subjects = try [("cat", hit), ("cat", hit), ("cat", miss), ("dog", miss)].map {
            try Self.subject(Self.blocks, 5, 5, boxes: [$0.1], label: $0.0)
        }
        for (average, expected) in [("pictures", 0.5), ("classes", 1.0 / 3)] {
            let metric = try MetricCatalogue.metric(
                MethodSpecification(parsing: "pointing-game:tolerance=1,average=\(average)"))
            #expect(abs(metric.summary(of: try subjects.map { try metric.measurement(of: $0) }) - expected) < 1e-12)
        }
    }

    @Test func heatRatios() throws {
        let all = try Self.subject(Self.blocks, 5, 5, boxes: [Box(left: 0, top: 0, right: 2, bottom: 2)])
        // Heat of seven pixels: 1 (four times), 0.25 (three). Quantiles 0, 0.1, 0.2, 0.3 lie at ranks 0, 0.6, 1.2, 1.8: 0.25, all
        // seven taken, 4/7; at 0.4 the rank is 2.4, the limit 0.55, and only the block is taken: 1 up to q = 1.
        let expected = (3.0 * 4 / 7 + (4.0 / 7 + 1) / 2 + 6) / 10
        #expect(abs(try value("effective-heat-ratio", all) - expected) < 1e-6)
    }

    // MARK: Trivial maps, and maps that show nothing

    @Test func trivialMapsHaveKnownNumbers() throws {
        let boxes = [Box(left: 10, top: 20, right: 60, bottom: 80)]
        let mask = (0..<10_000).map { Float((20..<80).contains($0 / 100) && (10..<60).contains($0 % 100) ? 1 : 0) }
        let whole = try Self.subject(
            [Float](repeating: 1, count: 10_000), 100, 100, boxes: boxes, mask: mask, rank: 0)
        for metric in ["box-iou", "energy-inside", "pxap", "energy-inside:of=mask", "effective-heat-ratio"] {
            #expect(abs(try value(metric, whole) - 0.3) < 1e-9, "\(metric)")
        }
        #expect(try value("pointing-game:tolerance=0", whole) == 1)  // the middle
        #expect(try value("max-box-acc:iou=0.31", whole) == 0)
        #expect(try value("max-box-acc:iou=0.3", whole) == 1)
        // Of 100 pixels a side 70 have their centres in the middle 70.71: 15 to 85.
        let box = (0..<10_000).map { Float((15..<85).contains($0 / 100) && (15..<85).contains($0 % 100) ? 1 : 0) }
        let centred = try Self.subject(box, 100, 100, boxes: boxes, mask: mask, rank: 0)
        let common = 45.0 * 60
        #expect(abs(try value("box-iou", centred) - common / (4900 + 3000 - common)) < 1e-12)
        #expect(abs(try value("energy-inside", centred) - common / 4900) < 1e-12)
    }

    @Test func mapsThatShowNothing() throws {
        let boxes = [Box(left: 0, top: 0, right: 2, bottom: 2)]
        for map: [Float] in [[0, 0, 0, 0], [-1, -2, -3, -4], [.nan, .nan, .nan, .nan]] {
            let subject = try Self.subject(map, 2, 2, boxes: boxes, mask: [1, 0, 0, 0], rank: 0)
            for metric in ["box-iou", "gt-known", "max-box-acc", "max-box-acc-v2", "pointing-game"] {
                #expect(try value(metric, subject) == 0, "\(metric)")
            }
            for metric in ["energy-inside", "effective-heat-ratio"] {
                #expect(throws: EvaluationError.self) { try value(metric, subject) }
            }
        }
    }

    @Test func whatTheAnnotationLacksIsSaid() throws {
        let bare = try Self.subject([1, 2, 3, 4], 2, 2)
        let metrics = MetricCatalogue.descriptions.filter { $0.family == .localisation }.map(\.name)
        #expect(metrics.count == 10)
        for metric in metrics { #expect(throws: EvaluationError.self, "\(metric)") { try value(metric, bare) } }
        // Boxes that no picture has do not crash.
        let far = Box(left: -1e300, top: .nan, right: .infinity, bottom: -.infinity)
        let odd = try Self.subject([1, .infinity, 3, 4], 2, 2, boxes: [far], mask: [.nan, .nan, .nan, .nan], rank: 0)
        for metric in metrics { _ = try? value(metric, odd) }
        for text in ["box-iou:fraction=1.5", "gt-known:iou=nan", "pointing-game:tolerance=-1", "energy-inside:of=edge"]
        {
            #expect(throws: EvaluationError.self) { try MetricCatalogue.metric(MethodSpecification(parsing: text)) }
        }
    }
}
