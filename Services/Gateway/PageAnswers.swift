import Hummingbird

/// The page of the network: a few files that are part of the program, and nothing from anywhere else.
enum PageAnswers {
    private static let files: [(path: String, type: String, bytes: @Sendable () -> [UInt8])] = [
        ("/", "text/html; charset=utf-8", { PackageResources.index_html }),
        ("/style.css", "text/css; charset=utf-8", { PackageResources.style_css }),
        ("/app.js", "text/javascript; charset=utf-8", { PackageResources.app_js }),
        ("/dom.js", "text/javascript; charset=utf-8", { PackageResources.dom_js }),
        ("/views.js", "text/javascript; charset=utf-8", { PackageResources.views_js }),
        ("/details.js", "text/javascript; charset=utf-8", { PackageResources.details_js }),
    ]

    static let routes = files.map { file in
        Route(.get, file.path) { _ in
            var response = JSONAnswer.bytes(file.bytes(), type: file.type)
            response.headers[.contentSecurityPolicy] = policy
            response.headers[.init("Referrer-Policy") ?? .referer] = "no-referrer"
            response.headers[.cacheControl] = "no-cache"
            return response
        }
    }

    /// Nothing runs and nothing is loaded but these files; nobody frames the page.
    private static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
        frame-ancestors 'none'
        """
}
