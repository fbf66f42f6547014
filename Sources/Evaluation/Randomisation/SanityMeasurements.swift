package import Explanations

/// Everything that a sanity check measured, comparison by comparison.
package struct SanityMeasurements: Sendable {
    /// A map of a changed model beside the map of the model itself.
    package struct Comparison: Sendable {
        /// The method's position.
        package let method: Int
        /// The picture's position.
        package let picture: Int
        package let seed: Int
        /// The step's position; the step's block is the last that was randomised.
        package let step: Int
        /// One number a similarity; nil where it does not exist.
        package let similarities: [Double?]
        /// The entropy of the changed model's map.
        package let entropy: Double
    }

    /// What maps that have nothing to do with one another reach, and what the picture by itself reaches, similarity by similarity.
    package struct References: Sendable {
        /// Maps of one method and different pictures, pair by pair.
        package var floor: [[Double?]] = []
        /// A picture's map and its own edges, picture by picture.
        package var edges: [[Double?]] = []
        /// A picture's map and another picture's edges, pair by pair.
        package var otherEdges: [[Double?]] = []
        /// A picture's map and the magnitudes of the picture's own numbers, picture by picture.
        package var values: [[Double?]] = []
        /// A picture's map and the magnitudes of another picture's numbers, pair by pair.
        package var otherValues: [[Double?]] = []
        /// Maps of the model and of one that was trained on other labels; empty where there is none.
        package var labels: [[Double?]] = []
        /// The entropies of the model's own maps, picture by picture.
        package var entropies: [Double] = []
    }

    package var methods: [MethodSpecification]
    /// What of every method's map a picture shows.
    package var displays: [MethodDescription.Display]
    package var similarities: [MethodSpecification]
    package var blocks: [RandomisationBlock]
    package var pictures: [String]
    package var comparisons: [Comparison] = []
    /// How many maps of randomised models showed nothing or were no numbers, method by method: they are not compared.
    package var emptyMaps: [Int]
    /// One a method.
    package var references: [References]
    /// The pairs of pictures whose maps are compared, by position; of a single picture the second is the picture upside down.
    package var pairs: [(Int, Int)] = []
    /// What methods noted about themselves, method by method.
    package var notes: [[String]]
    /// The views of the first picture: of the model itself, and step by step; methods on the outside.
    package var gallery: [[MapViews?]]
    /// The first picture's edges.
    package var edges: MapViews?
    /// Whether the floor was measured with pictures turned upside down, because there was only one.
    package var isFloorFromTurnedPicture = false
    /// Whether it ended before all was measured.
    package var wasInterrupted = false
}
