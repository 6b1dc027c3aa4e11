"""Model packs: card, digest, licence, loading. Weights come in ordinary packages or are added by the site."""
