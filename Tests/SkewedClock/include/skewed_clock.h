/* Nothing is called by name: the library takes the place of the system's functions when it is loaded before it (LD_PRELOAD). */
