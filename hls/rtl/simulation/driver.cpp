// Clocks an emitted project with Verilator. stdin: the packed beats of all events (a seekable file). stdout: for each
// event, in order, 64 bit each: the cycle in which its first beat was first presented, of every layer_valid, and of
// out_valid; then the words of out_data. Anything the design must not do ends the run with one line on stderr.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "project.h"  // written by simulation.py: sizes and names of this project
#if TRACE_VCD
#include "verilated_vcd_c.h"
using Trace = VerilatedVcdC;
#elif TRACE_FST
#include "verilated_fst_c.h"
using Trace = VerilatedFstC;
#endif

template <class Port> void put(Port& port, const uint32_t* words) { std::memcpy(&port, words, sizeof(Port)); }
template <std::size_t N> void put(VlWide<N>& port, const uint32_t* words) { std::memcpy(port.data(), words, 4 * N); }
template <class Port> void get(const Port& port, uint32_t* words) { std::memcpy(words, &port, sizeof(Port)); }
template <std::size_t N> void get(const VlWide<N>& port, uint32_t* words) { std::memcpy(words, port.data(), 4 * N); }

static_assert(LAYERS <= 64, "layer_valid is read as one word");

[[noreturn]] void stop(const std::string& why) {
    std::fflush(stdout);
    Verilated::runFlushCallbacks();  // the waveform, which is wanted most now
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

// Verilator's own flushes the waveform again, and waits for ever for a lock that it holds: on a full disk, for instance
void vl_fatal(const char*, int, const char*, const char* why) VL_MT_UNSAFE {
    std::fprintf(stderr, "%s\n", why);
    std::_Exit(1);
}

struct Simulator {
    std::unique_ptr<VerilatedContext> context{new VerilatedContext};
    std::unique_ptr<Top> top;
    int64_t cycle = 0;
#if TRACE_VCD || TRACE_FST
    Trace trace;
#endif

    Simulator(unsigned seed, const char* waveform) {
        context->randReset(2);  // registers wake up with random contents, as in an FPGA that was not reset
        context->randSeed(seed % 0x7fffffff + 1);
        top.reset(new Top(context.get()));
#if TRACE_VCD || TRACE_FST
        context->traceEverOn(true);
        top->trace(&trace, 99);
        trace.open(waveform);
        if (!trace.isOpen()) stop(std::string("the waveform ") + waveform + " cannot be written");
#else
        (void)waveform;
#endif
    }
    ~Simulator() {
        top->final();
#if TRACE_VCD || TRACE_FST
        trace.close();
#endif
    }
    void half(int clk) {
        top->clk = clk;
        top->eval();
#if TRACE_VCD || TRACE_FST
        trace.dump(uint64_t(10 * cycle + 5 * clk));  // rising edges at 5, 15, 25, ...
#endif
    }
};

std::string event_name(int64_t event) { return "event " + std::to_string(event); }

// Arguments: events, gap probability, 1 = back to back, seed, patience in cycles, waveform file, event:cycle of resets.
int main(int, char** argv) {
    const int64_t events = std::atoll(argv[1]);
    std::bernoulli_distribution gap(std::atof(argv[2]));
    const bool back_to_back = std::atoi(argv[3]);
    std::mt19937 random(std::strtoul(argv[4], nullptr, 10));
    const int64_t patience = std::atoll(argv[5]);
    Simulator sim(random(), argv[6]);
    Top& top = *sim.top;
    std::map<int64_t, int64_t> resets;
    for (argv += 7; *argv; argv++) resets[std::atoll(*argv)] = std::atoll(std::strchr(*argv, ':') + 1);

    std::vector<uint32_t> data(BEAT_WORDS + 1), logits(OUT_WORDS + 1);
    std::map<int64_t, std::vector<int64_t>> flight;  // records of the events that have begun and have no result
    int64_t sending = 0, answered = 0;               // events
    int64_t valid[LAYERS] = {};                      // events each layer has finished
    int64_t sent = 0;                                // beats of `sending` that were taken
    int64_t last = 0, longest = 0;                   // cycle of the last result; largest latency
    bool holding = false;                            // a beat is presented and not yet taken
    auto who_finished = [&](int64_t event) {
        std::string text;
        for (int k = 0; k < LAYERS; k++)
            text += std::string(k ? ", " : "") + NAMES[k] + (valid[k] > event ? " yes" : " no");
        return text;
    };

    top.rst = 1;
    top.in_valid = 0;
    put(top.in_data, data.data());
    sim.half(0);
    sim.half(1);
    for (sim.cycle = 1; answered < events || sim.cycle <= last + longest; sim.cycle++) {
        const bool may_send = sending < events && (back_to_back || answered == sending);
        if (!holding && may_send && !gap(random)) {
            if (std::fread(data.data(), 4, BEAT_WORDS, stdin) != BEAT_WORDS) stop("the images ended too early");
            holding = true;
            if (sent == 0) flight.emplace(sending, std::vector<int64_t>(LAYERS + 2, -1)).first->second[0] = sim.cycle;
        }
        top.in_valid = holding;
        put(top.in_data, data.data());
        top.rst = std::erase_if(resets, [&](auto& r) {
            return flight.count(r.first) && flight[r.first][0] + r.second == sim.cycle;
        }) > 0;
        sim.half(0);

        if (top.rst) {  // everything in flight is forgotten: send again from the first event without a result
            flight.clear();
            for (auto& count : valid) count = answered;
            sending = answered;
            sent = 0;
            holding = false;
            last = sim.cycle;
            if (std::fseek(stdin, 4 * BEAT_WORDS * BEATS * answered, SEEK_SET)) stop("the images cannot be sent again");
            sim.half(1);
            continue;
        }
        for (int k = 0; k < LAYERS; k++) {
            if (!(uint64_t(top.layer_valid) >> k & 1)) continue;
            if (!flight.count(valid[k]))
                stop(std::string(NAMES[k]) + " finished " + event_name(valid[k]) + " before it was sent");
            flight[valid[k]++][k + 1] = sim.cycle;
        }
        if (top.out_valid) {
            if (!flight.count(answered)) stop(event_name(answered) + " has a result before it was sent");
            auto& record = flight[answered];
            for (int k = 0; k < LAYERS; k++)
                if (record[k + 1] < 0)
                    stop(event_name(answered) + " has a result before its layers have finished: " +
                         who_finished(answered));
            record.back() = last = sim.cycle;
            longest = std::max(longest, last - record[0]);
            get(top.out_data, logits.data());
            std::fwrite(record.data(), 8, record.size(), stdout);
            std::fwrite(logits.data(), 4, OUT_WORDS, stdout);
            flight.erase(answered++);
        }
        if (holding && top.in_ready) {
            holding = false;
            if (++sent == BEATS) sent = 0, sending++;
            for (auto& word : data) word = random();  // data without in_valid means nothing: let it be anything,
            if (BEAT_BITS % 32) data[BEAT_WORDS - 1] %= 1u << BEAT_BITS % 32;  // in the bits that there are
        }
        if (answered < events && sim.cycle - last > patience)
            stop(event_name(answered) + " has no result after " + std::to_string(patience) + " cycles; " +
                 std::to_string(sending > answered ? BEATS : sent) + " of " + std::to_string(BEATS) +
                 " beats were taken; layers that finished it: " + who_finished(answered));
        sim.half(1);
    }
    if (!resets.empty())
        stop("the reset of " + event_name(resets.begin()->first) + " came too late: it had its result");
}
