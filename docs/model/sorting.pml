/* The three are alike. With -DSORTED their rows are kept in order, so that states that differ only in who is who count once. */
#ifdef SORTED
#define weight(i) (seen[i] * 4096 + votes[i] * 64 + signatures[i])
inline swap(a, b) {
	if
	:: weight(a) > weight(b) ->
		spare = seen[a]; seen[a] = seen[b]; seen[b] = spare;
		spare = votes[a]; votes[a] = votes[b]; votes[b] = spare;
		spare = signatures[a]; signatures[a] = signatures[b]; signatures[b] = spare;
		spare = 0
	:: else
	fi
}
inline sort() { swap(0, 1); swap(1, 2); swap(0, 1) }
#else
inline sort() { skip }
#endif
