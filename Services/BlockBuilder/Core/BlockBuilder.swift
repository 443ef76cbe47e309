// BlockBuilder
