import Evaluation
import Explanations
import Tensors
import Testing

@Suite struct SimilarityTests {
    @Test func reversedOrderIsMinusOne() throws {
        let map = try Tensor<Float>(shape: [2, 2], elements: [1, 2, 3, 4])
        let similarity = try SimilarityCatalogue.similarity(MethodSpecification("spearman-diverging"))
        #expect(try similarity.value(map, map.map { -$0 }) == -1)
    }
}
