import Imaging
import Tensors
import Testing

@Suite struct DisplayRangeTests {
    let map = Tensor<Float>(vector: [-2, 0, 1, 4, .nan])

    @Test func positiveDividesByTheMaximum() {
        #expect(DisplayRange.positive.limits(of: map) == (0, 4))
        let values = DisplayRange.positive.normalised(map).elements
        #expect(values.prefix(4) == [0, 0, 0.25, 1])
        #expect(values[4].isNaN)
    }

    @Test func minMaxUsesBothEnds() {
        #expect(DisplayRange.minMax.limits(of: map) == (-2, 4))
        #expect(DisplayRange.minMax.normalised(map).elements.prefix(4) == [0, 2 / 6, 0.5, 1])
    }

    @Test func symmetricKeepsZeroInTheMiddle() {
        #expect(DisplayRange.symmetric(percentile: 100).limits(of: map) == (-4, 4))
        // Of |values| sorted 0, 1, 2, 4 the 66th percentile is the third.
        #expect(DisplayRange.symmetric(percentile: 66).limits(of: map) == (-2, 2))
        #expect(DisplayRange.symmetric(percentile: 66).normalised(map).elements.prefix(4) == [0, 0.5, 0.75, 1])
        // One value in a thousand is not lost because the percentile is zero.
        var sparse = Tensor<Float>(repeating: 0, shape: [1000])
        sparse[7] = -3
        #expect(DisplayRange.symmetric(percentile: 50).limits(of: sparse) == (-3, 3))
    }

    @Test(arguments: [DisplayRange.positive, .minMax, .symmetric(percentile: 99)])
    func degenerateMapsHaveAProperRange(range: DisplayRange) {
        for values: [Float] in [[], [0, 0], [-1, -1], [.nan, .infinity], [1e30, 1e30], [-.leastNonzeroMagnitude]] {
            let map = Tensor<Float>(vector: values)
            let (low, high) = range.limits(of: map)
            #expect(low < high, "\(values)")
            #expect(range.normalised(map).elements.allSatisfy { $0.isNaN || (0...1).contains($0) })
        }
    }
}

@Suite struct MapDiagnosisTests {
    @Test(
        arguments: [
            ([1, 2], DisplayRange.positive, MapDiagnosis.informative),
            ([0, 0, 0], .positive, .allZero),
            ([2.5, 2.5], .minMax, .constant(2.5)),
            ([1, 1 + 1e-7], .positive, .constant(1 + 1e-7)),
            ([-3, -1, 0], .positive, .nothingPositive(maximum: 0)),
            ([-3, -1, 0.14], .positive, .hardlyPositive(maximum: 0.14, minimum: -3)),
            ([-3, -1, 0.16], .positive, .informative), ([-3, -1, 0.14], .symmetric(), .informative),
            ([-3, -1, 0.14], .minMax, .informative), ([0, 1e-9, 2e-9], .positive, .informative),
            ([-3, -1], .symmetric(percentile: 99), .informative),
            ([1, .nan, .infinity], .positive, .notFinite(count: 2, of: 3)),
            ([], .positive, .notFinite(count: 0, of: 0)),
        ] as [([Float], DisplayRange, MapDiagnosis)])
    func judgesRawValues(values: [Float], range: DisplayRange, expected: MapDiagnosis) {
        let diagnosis = MapDiagnosis(Tensor(vector: values), range: range)
        #expect(diagnosis == expected)
        #expect(diagnosis.isInformative == (expected == .informative))
        #expect(diagnosis.description.hasSuffix("."))
    }
}

@Suite struct HottestRegionTests {
    static let map: [Float] = [
        0, 0, 0, 0, 0, 0,
        0, 5, 9, 0, 0, 0,
        0, 0, 0, 4, 0, 8,
        0, 0, 0, 0, 0, 8,
    ]

    @Test func isTheConnectedPartAroundTheMaximum() throws {
        let map = try Tensor(shape: [4, 6], elements: Self.map)
        let region = try #require(HottestRegion(of: map, fraction: 0.5))
        // 4 < 4.5, and the 8s are not connected.
        #expect(region.box == PictureBox(left: 1, top: 1, right: 3, bottom: 2))
        #expect(region.areaFraction == 2.0 / 24)
        #expect(region.threshold == 4.5)
        // Corners connect.
        let larger = try #require(HottestRegion(of: map, fraction: 0.4))
        #expect(larger.box == PictureBox(left: 1, top: 1, right: 4, bottom: 3))
        #expect(larger.areaFraction == 3.0 / 24)
    }

    @Test func maximumAtNaNOrNothingPositiveIsNoRegion() throws {
        #expect(HottestRegion(of: Tensor(repeating: -1, shape: [2, 2]), fraction: 0.5) == nil)
        #expect(HottestRegion(of: Tensor(repeating: .nan, shape: [2, 2]), fraction: 0.5) == nil)
        #expect(HottestRegion(of: Tensor(repeating: 1, shape: [4]), fraction: 0.5) == nil)
        let partly = try Tensor<Float>(shape: [1, 3], elements: [.nan, 2, .nan])
        #expect(HottestRegion(of: partly, fraction: 0.5)?.box == PictureBox(left: 1, top: 0, right: 2, bottom: 1))
    }

    /// The outline of a cone at half height is a circle: every end lies on it, and the lines close.
    @Test func outlineFollowsTheLevel() throws {
        let size = 81
        let values = (0..<size * size).map { index -> Float in
            let (x, y) = (Double(index % size) - 40, Double(index / size) - 40)
            return Float(max(0, 40 - (x * x + y * y).squareRoot()))
        }
        let map = try Tensor(shape: [size, size], elements: values)
        let region = try #require(HottestRegion(of: map, fraction: 0.5))
        let segments = region.outline(in: map)
        var length = 0.0
        var ends: [String: Int] = [:]
        for segment in segments {
            for (x, y) in [(segment.x0, segment.y0), (segment.x1, segment.y1)] {
                let radius = ((x - 40.5) * (x - 40.5) + (y - 40.5) * (y - 40.5)).squareRoot()
                #expect(abs(radius - 20) < 0.05)
                ends["\(Int((x * 1e6).rounded())) \(Int((y * 1e6).rounded()))", default: 0] += 1
            }
            let (dx, dy) = (segment.x1 - segment.x0, segment.y1 - segment.y0)
            length += (dx * dx + dy * dy).squareRoot()
        }
        #expect(abs(length - 2 * Double.pi * 20) < 0.5)
        #expect(ends.values.allSatisfy { $0.isMultiple(of: 2) })
    }
}
