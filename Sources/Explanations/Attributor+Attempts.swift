import Runtime
import Tensors

extension Attributor {
    /// What each method of a query answers, or why it cannot: one that does not fit the model takes no other with it.
    ///
    /// - Throws: What fails for all alike: a target or layer that does not exist, inputs that do not fit.
    package func attempt(
        _ query: Query, settings: RunSettings = RunSettings()
    ) throws -> [(method: MethodSpecification, result: Result<Attribution, any Error>)] {
        do {
            return zip(query.methods, try attribute(query, settings: settings)).map { ($0, .success($1)) }
        } catch let error where query.methods.count < 2 || error as? RuntimeError == .cancelled {
            throw error
        } catch {
            let results = query.methods.map { method in
                var single = query
                single.methods = [method]
                return (method, Result { try attribute(single, settings: settings) }.map { $0[0] })
            }
            let reasons = Set(
                results.map { result -> String in
                    if case .failure(let error) = result.1 { "\(error)" } else { "" }
                })
            if reasons.count == 1, reasons != [""] { throw error }
            return results
        }
    }
}
