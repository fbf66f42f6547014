import Foundation
import ONNXFormat
package import ONNXMessages

/// Opset 20 renamed GridSample's modes, for pictures of any number of axes.
package struct GridSampleUpgrade: OperatorUpgrade {
    package let operators = ["GridSample"]
    package let changedAt = 20

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        var node = node
        for index in node.attribute.indices where node.attribute[index].name == "mode" {
            switch node.attribute[index].s {
            case Data("bilinear".utf8): node.attribute[index].s = Data("linear".utf8)
            case Data("bicubic".utf8): node.attribute[index].s = Data("cubic".utf8)
            default: break
            }
        }
        return [node]
    }
}
