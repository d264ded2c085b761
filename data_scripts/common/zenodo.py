"""Files of a Zenodo record: listed by its API, resumed after an interruption, verified by the checksums it lists."""

from pathlib import Path
from typing import NamedTuple

from tqdm.auto import tqdm

API = "https://zenodo.org/api/records/"


class RecordFile(NamedTuple):
    """A file of a record: its name, address, size in bytes and md5."""

    name: str
    url: str
    size: int
    md5: str


def record_files(record: int) -> list[RecordFile]:
    """The files of a record, by name. Raises OSError where Zenodo cannot be reached or answers something else."""
    requests, _ = _clients()
    try:
        answer = requests.get(f"{API}{record}", timeout=30)
        answer.raise_for_status()
        files = [
            RecordFile(Path(file["key"]).name, file["links"]["self"], int(file["size"]), file["checksum"].split(":")[1])
            for file in answer.json()["files"]
        ]
    except (requests.RequestException, KeyError, TypeError, ValueError, IndexError) as error:
        raise OSError(
            f"cannot list the files of Zenodo record {record} ({error}). Offline? load() works without: it then gives "
            f"the synthetic default. By hand: fetch the files of {API.replace('/api', '')}{record} with a browser"
        ) from error
    return sorted(files)


def fetch(record: int, folder: str | Path, *, match: str = "", count: int | None = None) -> list[Path]:
    """Download files of a record into `folder`, verify their md5 and return their paths.

    Only files whose name contains `match`, the first `count` of them by name. One that is there and right is kept; an
    interrupted one goes on where it stopped. Raises ValueError where no file matches and where a file that is there is
    not the record's (it is left as it is), OSError where downloading or writing fails.
    """
    _, pooch = _clients()
    if count is not None and count < 1:
        raise ValueError(f"count={count}: give the number of files, from 1 on, or None for all")
    files = record_files(record)
    chosen = [file for file in files if match in file.name][:count]
    if not chosen:
        raise ValueError(f"no file of record {record} has {match!r} in its name: {', '.join(f.name for f in files)}")
    folder = Path(folder)
    paths = []
    for name, url, size, md5 in chosen:
        path = folder / name
        if path.exists() and pooch.file_hash(str(path), alg="md5") != md5:  # pooch would replace it
            raise ValueError(f"{path} is not that of record {record} (md5 differs). Move it away, download it again")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            resume = _Resume(folder / f"{name}.part", size)
            pooch.retrieve(url, f"md5:{md5}", fname=name, path=folder, downloader=resume)
        except (OSError, ValueError) as error:
            raise OSError(
                f"could not download {name} ({error}). The same command goes on where this one stopped. By hand: fetch "
                f"{url} and put it into {folder}"
            ) from error
        paths.append(path)
    return paths


class _Resume:
    """A downloader for pooch that appends to what an interrupted run has left in the file `part`."""

    def __init__(self, part: Path, size: int):
        self.part, self.size = part, size

    def __call__(self, url, output_file, _):
        requests, _ = _clients()
        done = self.part.stat().st_size if self.part.exists() else 0
        if done < self.size:
            headers = {"Range": f"bytes={done}-"} if done else {}
            with requests.get(url, headers=headers, stream=True, timeout=30) as answer:
                answer.raise_for_status()
                done = done if answer.status_code == 206 else 0  # 200: the server sends all of it again
                with (
                    self.part.open("ab" if done else "wb") as file,
                    tqdm(total=self.size, initial=done, desc=self.part.stem, unit="B", unit_scale=True) as bar,
                ):
                    for block in answer.iter_content(1 << 16):
                        file.write(block)
                        bar.update(len(block))
        if (found := self.part.stat().st_size) < self.size:
            raise OSError(f"the connection ended after {found:,} of {self.size:,} bytes")
        self.part.replace(output_file)


def _clients():
    try:
        import pooch  # noqa: PLC0415  (optional)
        import requests  # noqa: PLC0415  (optional)
    except ImportError as error:
        raise ImportError("downloading needs pooch: pip install 'sparsepixels-lib[data]'") from error
    return requests, pooch
