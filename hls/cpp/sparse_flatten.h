#ifndef SPARSEPIXELS_SPARSE_FLATTEN_H_
#define SPARSEPIXELS_SPARSE_FLATTEN_H_

#include "nnet_common.h"

// Flatten: scatter the slots into the pixel view, in the order of Keras' Flatten
//
//     out[((row - 1) W + column - 1) C + c] = x[n][c] for every active slot n, zero elsewhere

namespace nnet {

template <class feat_T, class hash_T, class res_T, typename CONFIG_T>
void sparse_flatten(feat_T features[CONFIG_T::n_slots * CONFIG_T::n_chan], hash_T hash[CONFIG_T::n_slots * 2],
                    res_T res[CONFIG_T::height * CONFIG_T::width * CONFIG_T::n_chan]) {
    static const unsigned C = CONFIG_T::n_chan;
Zero:
    for (unsigned k = 0; k < CONFIG_T::height * CONFIG_T::width * C; k++) {
        #pragma HLS UNROLL
        res[k] = 0;
    }

Slots:
    for (unsigned n0 = 0; n0 < CONFIG_T::n_slots; n0 += CONFIG_T::pixels) {
        #pragma HLS PIPELINE
        for (unsigned n = n0; n < n0 + CONFIG_T::pixels; n++) {
            if (n >= CONFIG_T::n_slots || hash[2 * n] == 0)
                continue;
            const unsigned pixel = (unsigned(hash[2 * n]) - 1) * CONFIG_T::width + unsigned(hash[2 * n + 1]) - 1;
            for (unsigned c = 0; c < C; c++)
                res[pixel * C + c] = features[n * C + c];
        }
    }
}

} // namespace nnet

#endif
