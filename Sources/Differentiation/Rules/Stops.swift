/// Operators that are constant between their jumps, or whose results are indices, truth values or chance: nothing flows
/// back.
struct StopRule: BackwardRule {
    var character: RuleCharacter { .stopsGradient }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] { step.none }
}
