import Foundation
import Graphs
package import Tensors

/// Class scores at many places: pixels, cells or steps.
package struct ClassMap: Sendable {
    /// The output.
    let output: OutputSurvey.Output
    /// Which axis behind the batch counts classes; nil where there is one number a place.
    let classAxis: Int?

    /// How many classes, 1 where `classAxis` is nil.
    var classCount: Int { classAxis.map { output.axes[$0] } ?? 1 }
    /// How many places.
    var placeCount: Int { output.axes.reduce(1, *) / classCount }
    /// How many numbers lie between two classes of one place.
    private var inner: Int { classAxis.map { output.axes[($0 + 1)...].reduce(1, *) } ?? output.axes.reduce(1, *) }

    /// The lengths of the axes of places, without those of length 1.
    var placeAxes: [Int] {
        output.axes.indices.filter { $0 != classAxis && output.axes[$0] > 1 }.map { output.axes[$0] }
    }

    /// The class of the largest score at every place, nil where NaN leaves that open; for one number a place: class 1 where
    /// it is positive (or above a half).
    func winners(_ values: Tensor<Float>) -> [Int?] {
        let elements = values.elements
        guard classAxis != nil else {
            let bound: Float = output.activation == "Sigmoid" ? 0.5 : 0
            return elements.map { $0.isNaN ? nil : $0 > bound ? 1 : 0 }
        }
        let (inner, count) = (inner, classCount)
        return (0..<placeCount).map { place in
            let start = place / inner * count * inner + place % inner
            var best = 0
            var isOpen = elements[start].isNaN
            for index in 1..<max(count, 1) {
                let value = elements[start + index * inner]
                isOpen = isOpen || value.isNaN
                if value > elements[start + best * inner] { best = index }
            }
            return isOpen ? nil : best
        }
    }

    /// The mean of a class's numbers over places; nil is all of them.
    func mean(_ index: Int, _ values: Tensor<Float>, at places: [Int]? = nil) -> Double {
        let elements = values.elements
        let (inner, count) = (inner, classCount)
        let offset = classAxis == nil ? 0 : index * inner
        let all = places ?? Array(0..<placeCount)
        let sum = all.reduce(0.0) { $0 + Double(elements[$1 / inner * count * inner + $1 % inner + offset]) }
        return sum / Double(max(all.count, 1))
    }

    /// The classes that win anywhere, by the number of places.
    func findings(in outputs: OutputValues) throws -> [Finding] {
        let values = try outputs.value(output.name)
        let winners = winners(values)
        var places: [Int: [Int]] = [:]
        for (place, winner) in winners.enumerated() {
            if let winner { places[winner, default: []].append(place) }
        }
        return places.map { index, won in finding(index, at: won, of: values) }
            .sorted { ($0.places ?? 0, $1.index) > ($1.places ?? 0, $0.index) }
    }

    /// A class, also one that wins nowhere.
    func finding(_ index: Int, in outputs: OutputValues) throws -> Finding {
        let values = try outputs.value(output.name)
        let won = winners(values).enumerated().filter { $0.element == index }.map(\.offset)
        return finding(index, at: won, of: values)
    }

    private func finding(_ index: Int, at won: [Int], of values: Tensor<Float>) -> Finding {
        let sign: Double = classAxis == nil && index == 0 ? -1 : 1
        let score = mean(index, values, at: won.isEmpty ? nil : won)
        return Finding(
            index: index, score: sign * score, probability: probability(index, at: won, of: values),
            places: won.count, area: Double(won.count) / Double(max(placeCount, 1)))
    }

    /// The class's mean probability where it wins.
    private func probability(_ index: Int, at won: [Int], of values: Tensor<Float>) -> Double? {
        guard !won.isEmpty else { return nil }
        let elements = values.elements
        let (inner, count) = (inner, classCount)
        // Each place has a softmax of its own; some thousand places tell the mean.
        let sample = stride(from: 0, to: won.count, by: max(won.count / 4096, 1)).map { won[$0] }
        let sum = sample.reduce(0.0) { total, place in
            guard classAxis != nil else {
                let value = elements[place]
                let one = output.activation == "Sigmoid" ? Double(value) : Probability.sigmoid(value)
                return total + (index == 1 ? one : 1 - one)
            }
            let start = place / inner * count * inner + place % inner
            let scores = (0..<count).map { elements[start + $0 * inner] }
            return total + Probability.ofClasses(scores, activation: output.activation)[index]
        }
        return sum / Double(sample.count)
    }

    // MARK: Scores

    /// The class's logits at all places.
    private func logits(_ index: Int) -> Target {
        guard let classAxis else {
            return .logit(.elements(.name(output.name), .whole))
        }
        return .logit(
            .elements(
                .name(output.name), .element((0...classAxis).map { axis in axis == classAxis ? index : nil })))
    }

    /// The mean over places, `1 / n Σ`; nil counts all of them.
    func score(
        of index: Int, _ request: ScoreRequest, at places: Tensor<Float>?, words: String, head: HeadDescription
    ) -> HeadScore {
        func mean(_ index: Int) -> Target { .mean(logits(index), mask: places == nil ? nil : "places") }
        func sign(_ index: Int) -> Double { classAxis == nil && index == 0 ? -1 : 1 }
        var terms = [Target.Term(sign(index), mean(index))]
        var subject = "the mean logit of '\(head.name(of: index, names: request.names))'"
        if let contrast = request.contrast {
            terms.append(Target.Term(-sign(contrast), mean(contrast)))
            subject += " minus that of '\(head.name(of: contrast, names: request.names))'"
        }
        let target = terms.count == 1 && terms[0].factor == 1 ? terms[0].target : .combination(terms)
        return HeadScore(
            target, tensors: places.map { ["places": $0] } ?? [:],
            statement: "\(subject) \(words)\(output.activationRemark)")
    }

    /// 1 where a class wins, in the order of the places; nil where it wins nowhere.
    package func wins(of index: Int, in outputs: OutputValues) throws -> (map: Tensor<Float>, count: Int)? {
        let winners = winners(try outputs.value(output.name))
        let count = winners.count { $0 == index }
        guard count > 0 else { return nil }
        return (Tensor(vector: winners.map { $0 == index ? 1 : 0 }), count)
    }
}

/// Numbers as people read them: `5 312`.
enum Grouped {
    static func text(_ number: Int) -> String {
        let digits = Array(String(number))
        return digits.indices.reduce(into: "") { text, index in
            if index > 0, (digits.count - index) % 3 == 0 { text += " " }
            text.append(digits[index])
        }
    }
}
