/// What a procedure needs of a question; `ModelInspection` promises by it what a run keeps.
package enum MethodRequirement: Sendable, Hashable {
    /// Samples that are single pictures with rows and columns, which the method changes.
    case picture
    /// A layer that is a map.
    case layer
    /// A layer that holds one map over a picture for every sample.
    case pictureLayer
    /// So many candidates for the automatic layer (all where there are fewer) that each hold one map over a picture.
    case pictureLayers(Int)
    /// The gradient with respect to the input.
    case inputGradient
    /// The gradient with respect to the layer.
    case layerGradient
    /// An output that is one score a class.
    case classes
    /// What another method needs.
    case method(MethodSpecification)
}
