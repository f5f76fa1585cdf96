internal import Protobuf

/// Answers questions about services and their descriptors; both versions of the protocol ask the same.
private struct Reflection: Sendable {
    enum Question {
        case file(named: String)
        case symbol(String)
        case extensions(of: String)
        case services
        case none
    }

    enum Answer {
        case files([[UInt8]])
        case services([String])
        case error(GRPCStatusCode, String)
    }

    let services: [String]
    let index = DescriptorIndex(descriptorSet: DescriptorSet.serialized)

    func answer(_ question: Question) -> Answer {
        switch question {
        case .file(named: let name):
            index.files(named: name).map(Answer.files) ?? .error(.notFound, "There is no file \(name).")
        case .symbol(let symbol):
            index.files(declaring: symbol).map(Answer.files) ?? .error(.notFound, "There is no symbol \(symbol).")
        case .extensions(of: let type): .error(.notFound, "proto3 has no extensions, so \(type) has none.")
        case .services: .services(services)
        case .none: .error(.invalidArgument, "The request asks for nothing.")
        }
    }
}

extension GRPCRouter {
    /// Serves `grpc.reflection.v1` and `v1alpha` for the services that are here, from the descriptors that the product
    /// carries. To be called after all others.
    ///
    /// - Parameter guarded: runs a stream of questions, and ends it with its caller's access.
    public mutating func addReflection(guarded: @escaping StreamGuard = { _, body in try await body() }) {
        let names = [GRPCReflectionV1.ServerReflection.name, GRPCReflectionV1alpha.ServerReflection.name]
        let reflection = Reflection(services: (services.union(names)).sorted())
        bidirectional(GRPCReflectionV1.ServerReflection.serverReflectionInfo) { requests, responses, context in
            try await guarded(context.identity) {
                for try await request in requests {
                    var response = GRPCReflectionV1.ServerReflectionResponse(
                        validHost: request.host, originalRequest: request)
                    let question: Reflection.Question =
                        switch request.messageRequest {
                        case .fileByFilename(let name): .file(named: name)
                        case .fileContainingSymbol(let symbol): .symbol(symbol)
                        case .fileContainingExtension(let request): .extensions(of: request.containingType)
                        case .allExtensionNumbersOfType(let type): .extensions(of: type)
                        case .listServices: .services
                        case nil: .none
                        }
                    response.messageResponse =
                        switch reflection.answer(question) {
                        case .files(let files): .fileDescriptorResponse(.init(fileDescriptorProto: files))
                        case .services(let names): .listServicesResponse(.init(service: names.map { .init(name: $0) }))
                        case .error(let code, let text):
                            .errorResponse(.init(errorCode: code.rawValue, errorMessage: text))
                        }
                    try await responses.write(response)
                }
            }
        }
        bidirectional(GRPCReflectionV1alpha.ServerReflection.serverReflectionInfo) { requests, responses, context in
            try await guarded(context.identity) {
                for try await request in requests {
                    var response = GRPCReflectionV1alpha.ServerReflectionResponse(
                        validHost: request.host, originalRequest: request)
                    let question: Reflection.Question =
                        switch request.messageRequest {
                        case .fileByFilename(let name): .file(named: name)
                        case .fileContainingSymbol(let symbol): .symbol(symbol)
                        case .fileContainingExtension(let request): .extensions(of: request.containingType)
                        case .allExtensionNumbersOfType(let type): .extensions(of: type)
                        case .listServices: .services
                        case nil: .none
                        }
                    response.messageResponse =
                        switch reflection.answer(question) {
                        case .files(let files): .fileDescriptorResponse(.init(fileDescriptorProto: files))
                        case .services(let names): .listServicesResponse(.init(service: names.map { .init(name: $0) }))
                        case .error(let code, let text):
                            .errorResponse(.init(errorCode: code.rawValue, errorMessage: text))
                        }
                    try await responses.write(response)
                }
            }
        }
    }
}
