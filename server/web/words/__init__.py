"""Words that several rooms print: the visitor's interface, a log's lines, moments, reasons, a site's own facts and look."""
