/// The transportation problem: goods from sources to sinks at the least cost, by successive shortest paths with potentials (Edmonds
/// and Karp, Theoretical Improvements in Algorithmic Efficiency for Network Flow Problems, 1972).
struct Transport: Sendable {
    /// What every source has, positive.
    let supplies: [Int]
    /// What every sink takes, positive; in sum what the sources have.
    let demands: [Int]
    /// The cost of a unit from a source to a sink, never negative, source by source.
    let costs: [Double]

    /// Nodes are the sources, then the sinks.
    private struct State {
        var supplies: [Int]
        var demands: [Int]
        var flows: [Int]
        var potentials: [Double]
    }

    /// A shortest path tree up to the nearest sink that still takes something.
    private struct Tree {
        var distances: [Double]
        var parents: [Int]
        var end: Int?
    }

    /// The least cost of all transports.
    func cost() -> Double {
        var state = State(
            supplies: supplies, demands: demands, flows: [Int](repeating: 0, count: costs.count),
            potentials: [Double](repeating: 0, count: supplies.count + demands.count))
        while state.supplies.contains(where: { $0 > 0 }) {
            let tree = shortestPaths(state)
            guard let end = tree.end else { break }
            let farthest = tree.distances[end]
            for node in state.potentials.indices { state.potentials[node] += min(tree.distances[node], farthest) }
            augment(&state, along: tree, to: end)
        }
        return zip(state.flows, costs).reduce(0) { $0 + Double($1.0) * $1.1 }
    }

    /// Dijkstra's algorithm on the residual network, from all sources that still have something.
    private func shortestPaths(_ state: State) -> Tree {
        let (sources, sinks) = (supplies.count, demands.count)
        var tree = Tree(
            distances: (0..<sources + sinks).map { $0 < sources && state.supplies[$0] > 0 ? 0 : .infinity },
            parents: [Int](repeating: -1, count: sources + sinks))
        var isSettled = [Bool](repeating: false, count: sources + sinks)
        while true {
            var nearest: Int?
            for node in isSettled.indices where !isSettled[node] && tree.distances[node] < .infinity {
                if nearest.map({ tree.distances[node] < tree.distances[$0] }) ?? true { nearest = node }
            }
            guard let node = nearest else { return tree }
            isSettled[node] = true
            let (distance, potential) = (tree.distances[node], state.potentials[node])
            if node >= sources {
                let sink = node - sources
                if state.demands[sink] > 0 {
                    tree.end = node
                    return tree
                }
                for source in 0..<sources where !isSettled[source] && state.flows[source * sinks + sink] > 0 {
                    // Reduced costs are never negative but for rounding.
                    let step = max(potential - costs[source * sinks + sink] - state.potentials[source], 0)
                    if distance + step < tree.distances[source] {
                        (tree.distances[source], tree.parents[source]) = (distance + step, node)
                    }
                }
            } else {
                for sink in 0..<sinks where !isSettled[sources + sink] {
                    let step = max(costs[node * sinks + sink] + potential - state.potentials[sources + sink], 0)
                    if distance + step < tree.distances[sources + sink] {
                        (tree.distances[sources + sink], tree.parents[sources + sink]) = (distance + step, node)
                    }
                }
            }
        }
    }

    /// Sends as much as fits along a path.
    private func augment(_ state: inout State, along tree: Tree, to end: Int) {
        let (sources, sinks) = (supplies.count, demands.count)
        var path: [(edge: Int, isForward: Bool)] = []
        var node = end
        while tree.parents[node] >= 0 {
            let parent = tree.parents[node]
            let isForward = node >= sources
            path.append((isForward ? parent * sinks + node - sources : node * sinks + parent - sources, isForward))
            node = parent
        }
        let returned = path.filter { !$0.isForward }.map { state.flows[$0.edge] }
        let amount = min(state.supplies[node], state.demands[end - sources], returned.min() ?? .max)
        for (edge, isForward) in path { state.flows[edge] += isForward ? amount : -amount }
        state.supplies[node] -= amount
        state.demands[end - sources] -= amount
    }
}
