#ifndef SPARSEPIXELS_KERNEL_OFFSET_H_
#define SPARSEPIXELS_KERNEL_OFFSET_H_

namespace nnet {

// Where in the kernel the pixel of slot j lies as seen from the one of slot i, row by row from 0; -1: outside of it, or one
// of the two slots is empty
template <class hash_T, typename CONFIG_T>
int kernel_offset(hash_T hash[CONFIG_T::n_slots * 2], unsigned i, unsigned j) {
    #pragma HLS INLINE
    typedef typename CONFIG_T::offset_t offset_t; // signed, one bit wider than the hash
    static const int R_h = CONFIG_T::kernel_height / 2, R_w = CONFIG_T::kernel_width / 2;
    const offset_t d_row = offset_t(hash[2 * j]) - offset_t(hash[2 * i]);
    const offset_t d_column = offset_t(hash[2 * j + 1]) - offset_t(hash[2 * i + 1]);
    const bool both = hash[2 * i] != 0 && hash[2 * j] != 0;
    if (!both || d_row < -R_h || d_row > R_h || d_column < -R_w || d_column > R_w)
        return -1;
    return (int(d_row) + R_h) * CONFIG_T::kernel_width + int(d_column) + R_w;
}

} // namespace nnet

#endif
