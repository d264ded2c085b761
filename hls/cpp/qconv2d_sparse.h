#ifndef SPARSEPIXELS_QCONV2D_SPARSE_H_
#define SPARSEPIXELS_QCONV2D_SPARSE_H_

#include "kernel_offset.h"
#include "nnet_common.h"

// Sparsity-preserving convolution over all pairs of slots
//
//     out[i][f] = [hash_i != 0] (bias[f] + sum_j [hash_j != 0] sum_c W[hash_j - hash_i][c][f] x[j][c])
//
// The offset of a pair selects the weight, so the cost is n_slots^2 n_chan n_filt products whatever the kernel size.
// CONFIG_T::pixels, filters, channels say how many of each are computed at once; the loops over groups are pipelined.

namespace nnet {

template <class feat_T, class hash_T, class res_T, typename CONFIG_T>
void qconv2d_sparse(feat_T features[CONFIG_T::n_slots * CONFIG_T::n_chan], hash_T hash[CONFIG_T::n_slots * 2],
                    res_T res[CONFIG_T::n_slots * CONFIG_T::n_filt],
                    typename CONFIG_T::weight_t
                        weights[CONFIG_T::kernel_height * CONFIG_T::kernel_width * CONFIG_T::n_chan * CONFIG_T::n_filt],
                    typename CONFIG_T::bias_t biases[CONFIG_T::n_filt]) {
    #pragma HLS ARRAY_PARTITION variable=weights complete
    #pragma HLS ARRAY_PARTITION variable=biases complete
    typedef typename CONFIG_T::accum_t accum_t;
    static const unsigned N = CONFIG_T::n_slots, C = CONFIG_T::n_chan, F = CONFIG_T::n_filt;

    accum_t acc[N * F];
    #pragma HLS ARRAY_PARTITION variable=acc complete
Bias:
    for (unsigned i = 0; i < N; i++) {
        #pragma HLS UNROLL
        for (unsigned f = 0; f < F; f++)
            acc[i * F + f] = hash[2 * i] != 0 ? accum_t(biases[f]) : accum_t(0);
    }

Pixels:
    for (unsigned i0 = 0; i0 < N; i0 += CONFIG_T::pixels) {
    Filters:
        for (unsigned f0 = 0; f0 < F; f0 += CONFIG_T::filters) {
        Channels:
            for (unsigned c0 = 0; c0 < C; c0 += CONFIG_T::channels) {
                #pragma HLS PIPELINE
                for (unsigned i = i0; i < i0 + CONFIG_T::pixels; i++) {
                    for (unsigned j = 0; j < N; j++) {
                        if (i >= N)
                            continue;
                        const int offset = kernel_offset<hash_T, CONFIG_T>(hash, i, j);
                        if (offset < 0)
                            continue;
                        for (unsigned f = f0; f < f0 + CONFIG_T::filters; f++)
                            for (unsigned c = c0; c < c0 + CONFIG_T::channels; c++)
                                if (f < F && c < C)
                                    acc[i * F + f] += weights[(offset * C + c) * F + f] * features[j * C + c];
                    }
                }
            }
        }
    }

Result:
    for (unsigned k = 0; k < N * F; k++) {
        #pragma HLS UNROLL
        res[k] = acc[k];
    }
}

} // namespace nnet

#endif
