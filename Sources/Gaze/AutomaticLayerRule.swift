/// How a layer is chosen where none is named.
public enum AutomaticLayerRule: Sendable, Hashable {
    /// By the graph alone: the deepest map through which every path leads.
    case structural
    /// By trying up to four candidates on the picture (see `LayerTrial`); costs about 50 forward passes.
    case measured
}
