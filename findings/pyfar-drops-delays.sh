#!/usr/bin/env bash
# pyfar reads the impulse responses of a SOFA file and leaves out their delays, which SOFA keeps apart (Data.Delay, in
# samples): a response that arrives 480 samples late arrives at once, as early as one without a delay. No word is said.
#
# Guessed beforehand: the delay is applied, or an error or a warning says that it is not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'pyfar==0.8.1' 'sofar==1.3.0' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import warnings

with warnings.catch_warnings():  # those of the libraries beneath, at import
    warnings.simplefilter("ignore")
    import numpy as np
    import pyfar
    import sofar

    made = sofar.Sofa("GeneralFIR")
    made.Data_IR = np.zeros((1, 2, 100))
    made.Data_IR[:, :, 0] = 1
    made.Data_SamplingRate, made.Data_Delay = 48_000, np.array([[0.0, 480.0]])
    made.ReceiverPosition = np.zeros((2, 3))
    sofar.write_sofa("hall.sofa", made)

with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    read = pyfar.io.read_sofa("hall.sofa")[0]
told = [str(one.message) for one in said if "elay" in str(one.message)]
arrives = read.time[0].argmax(-1)
print(f"pyfar {pyfar.__version__}: {read.n_samples} samples, the responses arrive at {arrives}; said of delays: {told}")
print("sofar tells", sofar.read_sofa("hall.sofa", verbose=False).Data_Delay)
assert read.n_samples == 100, "it has room for the delay now"
assert arrives.tolist() == [0, 0], "it applies the delay now"
assert not told, "it says so now"
PYTHON
