package import ONNXMessages
package import Tensors
import Foundation
extension AnyTensor { package init(_ proto: TensorProto) throws { try self.init(elementType: .float32, shape: [], bytes: Data(count: 4)) } }
extension TensorProto { package init(_ t: AnyTensor, name: String) { self.init() } }
