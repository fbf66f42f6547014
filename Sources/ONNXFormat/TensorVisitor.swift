package import ONNXMessages

/// What a tensor is in its model.
package enum TensorRole: Sendable, Hashable {
    case initializer
    case attribute
}

extension ModelProto {
    /// Calls `body` with every tensor of the model: initializers and attributes, in subgraphs and functions too.
    package mutating func mutateTensors<Failure: Error>(
        _ body: (inout TensorProto, TensorRole) throws(Failure) -> Void
    ) throws(Failure) {
        if hasGraph { try graph.mutateTensors(body) }
        for function in functions.indices {
            for node in functions[function].node.indices {
                try functions[function].node[node].mutateTensors(body)
            }
        }
    }
}

extension GraphProto {
    fileprivate mutating func mutateTensors<Failure: Error>(
        _ body: (inout TensorProto, TensorRole) throws(Failure) -> Void
    ) throws(Failure) {
        for index in initializer.indices { try body(&initializer[index], .initializer) }
        for index in sparseInitializer.indices { try sparseInitializer[index].mutateTensors(.initializer, body) }
        for index in node.indices where !node[index].attribute.isEmpty { try node[index].mutateTensors(body) }
    }
}

extension NodeProto {
    fileprivate mutating func mutateTensors<Failure: Error>(
        _ body: (inout TensorProto, TensorRole) throws(Failure) -> Void
    ) throws(Failure) {
        for index in attribute.indices {
            if attribute[index].hasT { try body(&attribute[index].t, .attribute) }
            if attribute[index].hasG { try attribute[index].g.mutateTensors(body) }
            if attribute[index].hasSparseTensor { try attribute[index].sparseTensor.mutateTensors(.attribute, body) }
            try attribute[index].tensors.mutateEach { (tensor) throws(Failure) in try body(&tensor, .attribute) }
            try attribute[index].graphs.mutateEach { (graph) throws(Failure) in try graph.mutateTensors(body) }
            try attribute[index].sparseTensors.mutateEach { (tensor) throws(Failure) in
                try tensor.mutateTensors(.attribute, body)
            }
        }
    }
}

extension SparseTensorProto {
    fileprivate mutating func mutateTensors<Failure: Error>(
        _ role: TensorRole, _ body: (inout TensorProto, TensorRole) throws(Failure) -> Void
    ) throws(Failure) {
        if hasValues { try body(&values, role) }
        if hasIndices { try body(&indices, role) }
    }
}

extension Array {
    /// Edits the elements of a message's list; as one access, because each access to such a list copies it.
    fileprivate mutating func mutateEach<Failure: Error>(
        _ body: (inout Element) throws(Failure) -> Void
    ) throws(Failure) {
        for index in indices { try body(&self[index]) }
    }
}
