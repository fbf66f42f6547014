import Evaluation
import Explanations
import Tensors
import Testing

@Suite struct MapViewsTests {
    @Test func entropiesEqualSciPy() throws {
        let cases = try DigitNetwork.golden.get().entropies
        #expect(cases.count == 8)
        for golden in cases {
            let map = try Tensor(shape: [golden.values.count], elements: golden.values)
            #expect(isClose(map.histogramEntropy(bins: golden.bins), golden.entropy, 1e-9))
        }
    }

    @Test func entropyOfNothingIsZero() throws {
        for elements in [[], [1], [2, 2, 2], [1, .nan, 3], [-.infinity, 1]] as [[Float]] {
            #expect(try Tensor(shape: [elements.count], elements: elements).histogramEntropy() == 0)
        }
        #expect(try Tensor(shape: [2], elements: [0, 1]).histogramEntropy(bins: 0) == 0)
    }

    /// One channel of two pictures: magnitudes never cancel, signs do.
    @Test func viewsOfAPixelsChannels() throws {
        let network = try MetricToys.linear([[1, -2, 3, 4, -1, 2, -5, 4]], channels: 2, height: 2, width: 2)
        let picture = AnyTensor(try Tensor<Float>(shape: [1, 2, 2, 2], elements: [1, 1, 1, 1, 1, 1, 1, 1]))
        let gradient = try network.attribute(
            inputs: ["x": picture], target: .classIndex(0), methods: [MethodSpecification("gradient")])[0]
        let planes = try #require(PicturePlanes([1, 2, 2, 2]))
        let views = try #require(MapViews(gradient, display: .magnitude, over: planes))
        #expect(views.absolute.elements == [2, 4, 8, 8] && views.diverging.elements == [0, 0, -2, 8])
        let positive = try #require(MapViews(gradient, display: .positive, over: planes))
        #expect(positive.absolute.elements == [0, 0, 0, 8])
        #expect(!views.isEmpty)
        for elements in [[3, 3], [1, .nan], [.infinity, 1]] as [[Float]] {
            let map = try Tensor(shape: [1, 2], elements: elements)
            #expect(MapViews(absolute: map, diverging: map).isEmpty)
        }
    }
}
