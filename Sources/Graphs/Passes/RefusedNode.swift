import Tensors

extension Graph {
    /// Runs `body`; where the engine refuses the graph, the error names the first node that it does not take.
    func namingRefusedNode<Result>(by evaluator: any GraphEvaluator, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as GraphError {
            throw error
        } catch {
            guard let (node, reason) = firstRefusedNode(by: evaluator) else { throw error }
            throw GraphError.refusedNode(node: label(node), reason: reason)
        }
    }

    /// Bisects for the shortest beginning of the graph that the engine refuses.
    private func firstRefusedNode(by evaluator: any GraphEvaluator) -> (node: Node, reason: String)? {
        func refusal(ofFirst count: Int) -> String? {
            do {
                _ = try evaluator.inferOutputs(of: tapped(at: nodes[..<count].flatMap(\.results)))
                return nil
            } catch {
                return "\(error)"
            }
        }
        var accepted = 0
        var refused = nodes.count
        guard var reason = refusal(ofFirst: refused) else { return nil }
        while refused - accepted > 1 {
            let middle = (accepted + refused) / 2
            if let found = refusal(ofFirst: middle) {
                refused = middle
                reason = found
            } else {
                accepted = middle
            }
        }
        guard refused > 0 else { return nil }
        return (nodes[refused - 1], String(reason.prefix { !$0.isNewline }.prefix(400)))
    }
}
