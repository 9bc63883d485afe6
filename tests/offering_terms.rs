//! What a rulebook asks of changes of prices, and what an offering says besides its price.
