#ifndef SPARSEPIXELS_POOLING2D_SPARSE_H_
#define SPARSEPIXELS_POOLING2D_SPARSE_H_

#include "nnet_common.h"

// Sparse pooling: a cell (hash - 1) / pool lives in the slot of its first pixel; the cell's later slots become empty
//
//     average:  out[i] = r sum_j [cell_j = cell_i] x_j,   r = round(2^k / area) / 2^k: the AREA of the window, exact sum
//     max:      out[i] = max_j [cell_j = cell_i] x_j over active slots only
//
// Pixels in a partial window at the edge are dropped. Slots are not compacted, so empty ones may stand anywhere.

namespace nnet {

template <class hash_T, typename CONFIG_T> struct pool_cell {
    hash_T row, column; // 1-based, (0, 0) = none
    pool_cell() : row(0), column(0) {}
    pool_cell(hash_T pixel_row, hash_T pixel_column) : row(0), column(0) {
        const unsigned r = (unsigned(pixel_row) - 1) / CONFIG_T::pool_height;
        const unsigned c = (unsigned(pixel_column) - 1) / CONFIG_T::pool_width;
        if (pixel_row != 0 && r < CONFIG_T::height / CONFIG_T::pool_height && c < CONFIG_T::width / CONFIG_T::pool_width) {
            row = r + 1;
            column = c + 1;
        }
    }
    bool exists() const { return row != 0; }
    bool operator==(const pool_cell &other) const { return row == other.row && column == other.column; }
};

// cell of every slot; first[i] says whether slot i is the first of its cell, where the cell will live
template <class hash_T, class out_hash_T, typename CONFIG_T>
void pool_cells(hash_T hash[CONFIG_T::n_slots * 2], pool_cell<hash_T, CONFIG_T> cell[CONFIG_T::n_slots],
                bool first[CONFIG_T::n_slots], out_hash_T out_hash[CONFIG_T::n_slots * 2]) {
    #pragma HLS INLINE
    for (unsigned i = 0; i < CONFIG_T::n_slots; i++) {
        #pragma HLS UNROLL
        cell[i] = pool_cell<hash_T, CONFIG_T>(hash[2 * i], hash[2 * i + 1]);
        first[i] = cell[i].exists();
        for (unsigned j = 0; j < i; j++)
            if (cell[j] == cell[i])
                first[i] = false;
        out_hash[2 * i] = first[i] ? out_hash_T(cell[i].row) : out_hash_T(0);
        out_hash[2 * i + 1] = first[i] ? out_hash_T(cell[i].column) : out_hash_T(0);
    }
}

// What a pooling makes of channel c of a cell, from its first slot i
struct average_of_cell {
    template <class feat_T, class res_T, class cell_T, typename CONFIG_T>
    static res_T of(feat_T features[CONFIG_T::n_slots * CONFIG_T::n_chan], cell_T cell[CONFIG_T::n_slots], unsigned i,
                    unsigned c) {
        typename CONFIG_T::accum_t sum = 0;
        for (unsigned j = i; j < CONFIG_T::n_slots; j++)
            if (cell[j] == cell[i])
                sum += features[j * CONFIG_T::n_chan + c];
        const typename CONFIG_T::scale_t reciprocal = CONFIG_T::reciprocal();
        return sum * reciprocal;
    }
};

struct max_of_cell {
    template <class feat_T, class res_T, class cell_T, typename CONFIG_T>
    static res_T of(feat_T features[CONFIG_T::n_slots * CONFIG_T::n_chan], cell_T cell[CONFIG_T::n_slots], unsigned i,
                    unsigned c) {
        feat_T largest = features[i * CONFIG_T::n_chan + c];
        for (unsigned j = i + 1; j < CONFIG_T::n_slots; j++)
            if (cell[j] == cell[i] && features[j * CONFIG_T::n_chan + c] > largest)
                largest = features[j * CONFIG_T::n_chan + c];
        return largest;
    }
};

template <class pooling, class feat_T, class hash_T, class res_T, class out_hash_T, typename CONFIG_T>
void pooling2d_sparse(feat_T features[CONFIG_T::n_slots * CONFIG_T::n_chan], hash_T hash[CONFIG_T::n_slots * 2],
                      res_T res[CONFIG_T::n_slots * CONFIG_T::n_chan], out_hash_T out_hash[CONFIG_T::n_slots * 2]) {
    #pragma HLS INLINE
    typedef pool_cell<hash_T, CONFIG_T> cell_T;
    static const unsigned N = CONFIG_T::n_slots, C = CONFIG_T::n_chan;
    cell_T cell[N];
    bool first[N];
    pool_cells<hash_T, out_hash_T, CONFIG_T>(hash, cell, first, out_hash);

Pixels:
    for (unsigned i0 = 0; i0 < N; i0 += CONFIG_T::pixels) {
        #pragma HLS PIPELINE
        for (unsigned i = i0; i < i0 + CONFIG_T::pixels; i++)
            for (unsigned c = 0; c < C; c++)
                if (i < N)
                    res[i * C + c] = first[i] ? pooling::template of<feat_T, res_T, cell_T, CONFIG_T>(features, cell, i, c)
                                              : res_T(0);
    }
}

template <class feat_T, class hash_T, class res_T, class out_hash_T, typename CONFIG_T>
void average_pooling2d_sparse(feat_T features[CONFIG_T::n_slots * CONFIG_T::n_chan], hash_T hash[CONFIG_T::n_slots * 2],
                              res_T res[CONFIG_T::n_slots * CONFIG_T::n_chan], out_hash_T out_hash[CONFIG_T::n_slots * 2]) {
    pooling2d_sparse<average_of_cell, feat_T, hash_T, res_T, out_hash_T, CONFIG_T>(features, hash, res, out_hash);
}

template <class feat_T, class hash_T, class res_T, class out_hash_T, typename CONFIG_T>
void max_pooling2d_sparse(feat_T features[CONFIG_T::n_slots * CONFIG_T::n_chan], hash_T hash[CONFIG_T::n_slots * 2],
                          res_T res[CONFIG_T::n_slots * CONFIG_T::n_chan], out_hash_T out_hash[CONFIG_T::n_slots * 2]) {
    pooling2d_sparse<max_of_cell, feat_T, hash_T, res_T, out_hash_T, CONFIG_T>(features, hash, res, out_hash);
}

} // namespace nnet

#endif
