// NotaryValidator
