/* What a crash must not write to disk. */
#ifndef KN_CORE_DUMP_H
#define KN_CORE_DUMP_H

/* This process leaves no core file, whatever core_pattern says, and its memory and environment are
 * root's alone to read: keys and clients' tokens are in them. Of that, programs that it starts
 * inherit the limit on core files. */
void core_dump_disable(void);

#endif
