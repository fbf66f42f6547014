import Foundation
import Gaze

/// The layers that were compared on a picture, as lines for a person.
enum LayerTrialTable {
    static func text(_ trial: LayerTrial) -> String {
        let heading = ["  tried", "cells", "deletion", "discrimination", "score", ""]
        let rows = trial.entries.enumerated().map { position, entry in
            [
                "  \(entry.name)", "\(entry.height)x\(entry.width)", number(entry.deletion),
                number(entry.discrimination), number(entry.score), position == trial.chosen ? "chosen" : "",
            ]
        }
        return Console.table([heading] + rows, right: [1, 2, 3, 4])
    }

    private static func number(_ value: Double?) -> String { value.map { String(format: "%.2f", $0) } ?? "-" }
}
