import Foundation
import Tensors
import Testing

@Suite struct TensorTests {
    @Test func elementsAreRowMajor() throws {
        let tensor = try Tensor<Float>(shape: [2, 3], elements: [0, 1, 2, 3, 4, 5])
        #expect(tensor[1, 2] == 5)
        #expect(tensor.slice(1).elements == [3, 4, 5])
        #expect(throws: TensorError.self) { try Tensor<Float>(shape: [2, 2], elements: [1]) }
    }

    @Test func broadcastingFollowsNumPy() {
        #expect(Shape([2, 1, 4]).broadcast(with: [3, 1]) == [2, 3, 4])
        #expect(Shape([]).broadcast(with: [5]) == [5])
        #expect(Shape([]).broadcast(with: []) == [])
        #expect(Shape([2]).broadcast(with: [3]) == nil)
    }

    @Test func hostileShapesHaveNoCount() {
        #expect(Shape([Int.max, 2]).checkedCount == nil)
        #expect(Shape([-1]).checkedCount == nil)
    }

    @Test func typesAreErasedAndRestored() throws {
        let tensor = Tensor<Int64>(vector: [1, -2, 3])
        let erased = AnyTensor(tensor)
        #expect(erased.bytes.count == 24)
        #expect(try erased.typed(as: Int64.self) == tensor)
        #expect(erased.floats == [1, -2, 3])
        #expect(throws: TensorError.self) { try erased.typed(as: Float.self) }
        #expect(AnyTensor(Tensor<Bool>(vector: [true, false])).integers == [1, 0])
    }

    @Test func bfloat16RoundsToEven() {
        #expect(Float(BFloat16(1.00390625)) == 1)
        #expect(Float(BFloat16(1.01171875)) == 1.015625)
        #expect(Float(BFloat16(Float.nan)).isNaN)
        #expect(Float(BFloat16(-Float.infinity)) == -.infinity)
    }
}
