extension SchemaCompiler {
    /// A keyword's value, when the resource's dialect has the keyword.
    func value(_ keyword: String, _ site: Site) -> ExactJSON? {
        guard let value = site.members[keyword], let known = SchemaKeyword.all[keyword] else { return nil }
        return site.dialect.vocabularies.contains(known.vocabulary) ? value : nil
    }

    mutating func refuse(_ keyword: String, _ site: Site, _ wanted: String) {
        let found = site.members[keyword]?.excerpt ?? "nothing"
        index.report(.invalidKeyword, site.place.appending(keyword), "\(keyword) must be \(wanted), not \(found)")
    }

    /// A number of things.
    mutating func count(_ keyword: String, _ site: Site) -> Int? {
        guard let value = value(keyword, site) else { return nil }
        guard case .number(let number) = value, let count = number.count else {
            refuse(keyword, site, "a whole number that is not negative")
            return nil
        }
        return count
    }

    mutating func number(_ keyword: String, _ site: Site) -> ExactNumber? {
        guard let value = value(keyword, site) else { return nil }
        guard case .number(let number) = value else {
            refuse(keyword, site, "a number")
            return nil
        }
        return number
    }

    mutating func text(_ keyword: String, _ site: Site) -> String? {
        guard let value = value(keyword, site) else { return nil }
        guard case .string(let text) = value else {
            refuse(keyword, site, "text")
            return nil
        }
        return text
    }

    /// A list of texts, none of them twice.
    mutating func texts(_ value: ExactJSON, at place: SchemaPlace, _ what: String) -> [String]? {
        guard case .array(let elements) = value else {
            index.report(.invalidKeyword, place, "\(what) must be a list of names, not \(value.excerpt)")
            return nil
        }
        var seen: Set<ExactText> = []
        var texts: [String] = []
        for (position, element) in elements.enumerated() {
            guard case .string(let text) = element else {
                index.report(
                    .invalidKeyword, place.appending(position),
                    "\(what) must be a list of names; this is \(element.typeName)")
                return nil
            }
            guard seen.insert(ExactText(text)).inserted else {
                index.report(.invalidKeyword, place.appending(position), "\(what) names \"\(text)\" twice")
                return nil
            }
            texts.append(text)
        }
        return texts
    }

    mutating func schema(_ keyword: String, _ site: Site) -> Int? {
        guard let value = value(keyword, site) else { return nil }
        return node(value, at: site.place.appending(keyword), in: site.resource)
    }

    /// A list of schemas that is not empty.
    mutating func schemas(_ keyword: String, _ site: Site) -> [Int]? {
        guard let value = value(keyword, site) else { return nil }
        guard case .array(let elements) = value, !elements.isEmpty else {
            refuse(keyword, site, "a list of at least one schema")
            return nil
        }
        let place = site.place.appending(keyword)
        return elements.enumerated().map { node($1, at: place.appending($0), in: site.resource) }
    }

    /// Schemas by name.
    mutating func schemaMap(_ keyword: String, _ site: Site) -> [(name: String, node: Int)]? {
        guard let value = value(keyword, site) else { return nil }
        guard case .object(let members) = value else {
            refuse(keyword, site, "an object of schemas")
            return nil
        }
        let place = site.place.appending(keyword)
        return members.map { ($0.key, node($0.value, at: place.appending($0.key), in: site.resource)) }
    }
}
