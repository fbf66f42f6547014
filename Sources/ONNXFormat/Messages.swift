// Who imports ONNXFormat reads messages; that they are generated in a module of their own is no concern of his.
@_exported public import ONNXMessages
