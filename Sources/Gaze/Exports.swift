// One import for users of the library: models, targets, methods, tensors, pictures.
@_exported public import Datasets
@_exported public import Evaluation
@_exported public import Explanations
@_exported public import Graphs
@_exported public import Imaging
@_exported public import Reports
@_exported public import Runtime
@_exported public import Storage
@_exported public import Tensors
@_exported public import Training
