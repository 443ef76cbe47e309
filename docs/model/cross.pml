/* Rules R1 to R8 of cross transactions, between an honest chain A that holds and a corrupt chain B that decides. See README.md. */
#include "state.pml"
#include "branch.pml"
#include "sorting.pml"
#include "properties.pml"
#include "chain-b.pml"
#include "notary-chain.pml"
#include "chain-a.pml"
#include "notary.pml"
#ifdef HEAL
#include "healing.pml"
#endif
