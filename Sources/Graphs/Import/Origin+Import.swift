import Foundation
package import ONNXMessages

extension Origin {
    /// What the exporter wrote down about a node: its name, and the path of the module that it comes from.
    ///
    /// PyTorch's default exporter keeps the path in the node's metadata; the older one in a name with slashes.
    package init(_ node: NodeProto) {
        var metadata: [String: String] = [:]
        for property in node.metadataProps { metadata[property.key] = property.value }
        let path =
            metadata["pkg.torch.onnx.name_scopes"].map(Self.path(scopes:))
            ?? metadata["namespace"].map(Self.path(namespace:))
            ?? Self.path(nodeName: node.name)
        self.init(name: node.name, modulePath: path)
    }

    /// Whether a node's name says more than its operator and a number: `node_17`, `Conv_3` or `12` do not.
    static func isTelling(_ name: String) -> Bool {
        guard let separator = name.lastIndex(of: "_") else { return !name.isEmpty && !name.allSatisfy(\.isNumber) }
        return !name[name.index(after: separator)...].allSatisfy(\.isNumber)
    }

    /// `['', 'features', 'features.0', 'conv2d']`: the root, the modules inwards, the operation.
    static func path(scopes: String) -> [String] {
        let items = scopes.split(separator: "'", omittingEmptySubsequences: false)
        let names = items.indices.filter { $0 % 2 == 1 }.map { String(items[$0]) }
        return components(names.dropLast().filter { !$0.isEmpty })
    }

    /// `: Net/features: Sequential/features.0: Conv2d/conv2d: aten.conv2d.default`.
    static func path(namespace: String) -> [String] {
        let names = namespace.split(separator: "/").map { part in
            String(part.prefix { $0 != ":" }).trimmingCharacters(in: .whitespaces)
        }
        return components(names.dropLast().filter { !$0.isEmpty })
    }

    /// `/layer1/layer1.0/conv1/Conv`.
    static func path(nodeName: String) -> [String] {
        guard nodeName.hasPrefix("/") else { return [] }
        return components(nodeName.split(separator: "/").dropLast().map(String.init))
    }

    /// Joins module names, each of which is either complete or relative to the one before it.
    private static func components(_ names: [String]) -> [String] {
        // Paths of real modules are short; a hostile one would cost time quadratic in its length.
        guard names.count <= 64, names.allSatisfy({ $0.utf8.count <= 256 }) else { return [] }
        var full = ""
        for name in names {
            full = full.isEmpty || name == full || name.hasPrefix(full + ".") ? name : full + "." + name
        }
        return full.split(separator: ".").map(String.init)
    }
}
