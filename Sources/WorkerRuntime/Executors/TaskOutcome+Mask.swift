import Secrets

extension TaskOutcome {
    /// The outcome without the task's secrets.
    func masked(_ mask: SecretMask?) -> Self {
        guard let mask else { return self }
        switch result {
        case .success(let output): return Self(.success(mask.masked(json: output)), usage: usage)
        case .failure(var failure):
            failure.message = mask.masked(failure.message)
            failure.code = mask.masked(failure.code)
            return Self(.failure(failure), usage: usage)
        }
    }
}
