"""Ways to do the models' two large jobs: `python -m benchmarks.transform_contenders JOB NAME FOLDER`.

The folder holds what `benchmarks.transforms` prepared: `harvest.duckdb` with every model built, the job's
statements in `statements.json`, and the same rows as parquet files. A contender writes its result to
`result.parquet` (the models' pairs stay in the database) and prints the seconds of the job alone, without
imports, and of its parts.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

# A weight, of which position and length of its segment are known: the closed form, in SQL.
CLOSED_FORM = """0.5 + 0.5 * coalesce(
    least(frame_idx - segment_start, segment_end - frame_idx)
    / nullif(cast((segment_end - segment_start) // 2 as double), 0), 0)"""
EXPANDED = "select review_id, label, unnest(generate_series({0}, {1})) as frame_idx, {0}, {1} from {2}"
EXPANSIONS = {
    "closed form": f"""select review_id, label, frame_idx, {CLOSED_FORM} as weight
        from ({EXPANDED.format("segment_start", "segment_end", "{segments}")})""",
    "windows": f"""select review_id, label, frame_idx, 0.5 + 0.5 * coalesce(
            least(from_start, frames - 1 - from_start) / nullif(cast((frames - 1) // 2 as double), 0), 0
        ) as weight
        from (select *, count(*) over w as frames, row_number() over (w order by frame_idx) - 1 as from_start
            from ({EXPANDED.format("segment_start", "segment_end", "{segments}")})
            window w as (partition by review_id, label, segment_start, segment_end))""",
    "windows once per length": """select review_id, label,
            unnest(generate_series(segment_start, segment_end)) as frame_idx, unnest(weights) as weight
        from {segments} inner join {ramps} on segment_end - segment_start + 1 = frame_count""",
}


def models(folder: Path, memory_limit: str | None = None) -> dict[str, float]:
    """The models' statements of the job, on the staged rows, with the settings of profiles.yml."""
    import duckdb

    job = json.loads((folder / "statements.json").read_text(encoding="utf-8"))
    seconds = {}
    with duckdb.connect(str(folder / "harvest.duckdb")) as connection:
        connection.execute("set preserve_insertion_order = false")
        if memory_limit:
            connection.execute(f"set memory_limit = '{memory_limit}'")
        for name, statement in job["statements"].items():
            start = time.perf_counter()
            connection.execute(statement)
            seconds[name] = time.perf_counter() - start
    return seconds


def models_512mb(folder: Path) -> dict[str, float]:
    return models(folder, "512MB")


def expansion(folder: Path, name: str) -> None:
    """Nothing but frames and weights, unsorted: what is left of the timelines' job without reviewers."""
    import duckdb

    relations = json.loads((folder / "statements.json").read_text(encoding="utf-8"))["relations"]
    with duckdb.connect(str(folder / "harvest.duckdb"), read_only=True) as connection:
        connection.execute("set preserve_insertion_order = false")
        query = EXPANSIONS[name].format(
            segments=relations["timeline_segments"], ramps=relations["segment_ramps"]
        )
        connection.execute(f"copy ({query}) to '{folder}/result.parquet' (format parquet, compression zstd)")


def polars_segments(folder: Path):
    """Usable segments with their review's annotation and record, as an eager frame, and the videos."""
    import polars as pl

    reviews = pl.read_parquet(folder / "reviews.parquet")
    regions = pl.read_parquet(folder / "regions.parquet")
    start, end = (pl.col("ranges").struct.field(bound) - 1 for bound in ("start", "end"))
    segments = (
        regions.join(reviews, on=["task_id", "annotation_id"])
        .explode("ranges")
        .explode("labels")
        .select(
            *("place_id", "review_id", "annotation_id", "record", pl.col("labels").alias("label")),
            start.clip(0).cast(pl.Int32).alias("segment_start"),
            pl.min_horizontal(end, pl.col("n_frames") - 1).cast(pl.Int32).alias("segment_end"),
        )
        .unique()
    )
    labels = pl.Enum(segments["label"].unique().sort())
    videos = reviews.group_by("place_id").agg(
        pl.col("episode_key", "view", "media", "reviewer_count").first()
    )
    return segments.with_columns(pl.col("label").cast(labels)), videos


def polars_frames(segments):
    """One row per segment and frame, lazy, with the weight in closed form."""
    import polars as pl

    from_start, to_end = (
        pl.col("frame_idx") - pl.col("segment_start"),
        pl.col("segment_end") - pl.col("frame_idx"),
    )
    half = (pl.col("segment_end") - pl.col("segment_start")) // 2
    share = pl.when(half > 0).then(pl.min_horizontal(from_start, to_end) / half).otherwise(0.0)
    frames = pl.int_ranges("segment_start", pl.col("segment_end") + 1, dtype=pl.Int32).alias("frame_idx")
    return (
        segments.lazy()
        .with_columns(frames)
        .explode("frame_idx")
        .with_columns((0.5 + 0.5 * share).alias("weight"))
    )


def polars_set_a(weighed, videos):
    """Columns of training set A from the sums per label and frame, ranked and in order."""
    import polars as pl

    def six(value: pl.Expr) -> pl.Expr:
        return value.round(6, mode="half_away_from_zero")

    rank = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("place_id", "frame_idx")
    return (
        weighed.join(videos.lazy(), on="place_id")
        .with_columns(
            six(pl.col("weight_sum") / pl.col("reviewer_count")).alias("weight"),
            (pl.col("marked") / pl.col("reviewer_count")).alias("agreement"),
            pl.max_horizontal(six(pl.col("record") / pl.col("reviewer_count")), 1e-6).alias("confidence"),
            pl.lit(None, dtype=pl.Float64).alias("label_posterior"),
        )
        .sort("place_id", "frame_idx", -pl.col("weight"), -pl.col("agreement"), "label")
        .with_columns(rank.alias("label_rank"))
        .sort("episode_key", "view", "frame_idx", "label")
        .select(
            *(
                "episode_key",
                "view",
                "media",
                "frame_idx",
                pl.col("label").cast(pl.String),
                "weight",
                "agreement",
            ),
            *("label_rank", "reviewer_count", "segment_start", "segment_end", "annotation_ids", "confidence"),
            "label_posterior",
        )
    )


def polars_timelines(folder: Path, engine: str) -> None:
    """As one writes it: every frame of every segment, grouped by label and frame."""
    import polars as pl

    segments, videos = polars_segments(folder)
    key = ["place_id", "label", "frame_idx"]
    weighed = (
        polars_frames(segments)
        .sort("weight", "segment_start", "segment_end", descending=[True, False, False])
        .unique([*key, "review_id"], keep="first", maintain_order=True)
        .group_by(key, maintain_order=False)
        .agg(
            pl.col("weight").sum().alias("weight_sum"),
            pl.col("segment_start", "segment_end").first(),
            pl.len().alias("marked"),
            pl.col("annotation_id").sort().alias("annotation_ids"),
            pl.col("record").sum(),
        )
    )
    polars_set_a(weighed, videos).sink_parquet(folder / "result.parquet", compression="zstd", engine=engine)


def polars_plan(folder: Path) -> None:
    """The models' own plan: stretches are expanded, and frames grouped only where several segments meet."""
    import polars as pl

    segments, videos = polars_segments(folder)
    bounds = ["segment_start", "segment_end"]
    cuts = pl.concat(
        [
            segments.select("place_id", pl.col("segment_start").alias("start")),
            segments.select("place_id", (pl.col("segment_end") + 1).alias("start")),
        ]
    )
    stretches = (
        cuts.unique()
        .sort("place_id", "start")
        .with_columns((pl.col("start").shift(-1).over("place_id") - 1).alias("end"))
        .filter(pl.col("end").is_not_null())
    )
    key = ["place_id", "start", "label"]
    covered = (
        segments.join(stretches, on="place_id")
        .filter(pl.col("start").is_between("segment_start", "segment_end"))
        .with_columns(
            pl.len().over(key).alias("of_label"),
            pl.len().over([*key, "review_id"]).alias("of_review"),
            pl.len().over("place_id", "start").alias("here"),
        )
        .with_columns((pl.col("here") > pl.col("of_label")).alias("is_shared"))
    )
    whole_stretches = covered.with_columns(pl.max("of_review").over(key)).filter(
        (pl.col("of_label") <= 2) & (pl.col("of_review") == 1) & ~pl.col("is_shared")
    )

    def weight(segment: str) -> pl.Expr:
        start, end = pl.col(f"{segment}_start"), pl.col(f"{segment}_end")
        half = (end - start) // 2
        nearest = pl.min_horizontal(pl.col("frame_idx") - start, end - pl.col("frame_idx"))
        return 0.5 + 0.5 * pl.when(half > 0).then(nearest / half).otherwise(0.0)

    def six(value: pl.Expr) -> pl.Expr:
        return value.round(6, mode="half_away_from_zero")

    paired = (
        whole_stretches.sort(bounds)
        .group_by(key)
        .agg(
            pl.col("end").first(),
            pl.col("segment_start").first().alias("one_start"),
            pl.col("segment_end").first().alias("one_end"),
            pl.col("segment_start").last().alias("other_start"),
            pl.col("segment_end").last().alias("other_end"),
            pl.len().alias("marked"),
            pl.col("annotation_id").sort().alias("annotation_ids"),
            pl.col("record").sum(),
        )
        .join(videos, on="place_id")
        .with_columns(
            (pl.col("marked") / pl.col("reviewer_count")).alias("agreement"),
            pl.max_horizontal(six(pl.col("record") / pl.col("reviewer_count")), 1e-6).alias("confidence"),
            pl.lit(None, dtype=pl.Float64).alias("label_posterior"),
        )
    )
    is_other_heavier = (pl.col("marked") == 2) & (pl.col("other_weight") > pl.col("one_weight"))
    alone = (
        paired.lazy()
        .with_columns(pl.int_ranges("start", pl.col("end") + 1, dtype=pl.Int32).alias("frame_idx"))
        .explode("frame_idx")
        .with_columns(weight("one").alias("one_weight"), weight("other").alias("other_weight"))
        .with_columns(
            six(
                pl.when(pl.col("marked") == 2)
                .then(pl.col("one_weight") + pl.col("other_weight"))
                .otherwise(pl.col("one_weight"))
                / pl.col("reviewer_count")
            ).alias("weight"),
            pl.lit(1, dtype=pl.Int32).alias("label_rank"),
            pl.when(is_other_heavier).then("other_start").otherwise("one_start").alias("segment_start"),
            pl.when(is_other_heavier).then("other_end").otherwise("one_end").alias("segment_end"),
        )
    )
    crowded = covered.join(whole_stretches.select(key).unique(), on=key, how="anti").with_columns(
        pl.int_ranges("start", pl.col("end") + 1, dtype=pl.Int32).alias("frame_idx")
    )
    frame = ["place_id", "label", "frame_idx"]
    crowded = (
        crowded.explode("frame_idx")
        .rename({"segment_start": "one_start", "segment_end": "one_end"})
        .with_columns(weight("one").alias("weight"))
        .rename({"one_start": "segment_start", "one_end": "segment_end"})
        .sort("weight", *bounds, descending=[True, False, False])
        .unique([*frame, "review_id"], keep="first", maintain_order=True)
        .group_by(frame)
        .agg(
            pl.col("weight").sum().alias("weight_sum"),
            pl.col("segment_start", "segment_end").first(),
            pl.len().alias("marked"),
            pl.col("annotation_id").sort().alias("annotation_ids"),
            pl.col("record").sum(),
        )
    )
    ranked = polars_set_a(crowded.lazy(), videos)
    columns = ranked.collect_schema().names()
    result = pl.concat([alone.with_columns(pl.col("label").cast(pl.String)).select(columns), ranked])
    order = ["episode_key", "view", "frame_idx", "label"]
    result.sort(order).sink_parquet(folder / "result.parquet", compression="zstd")


def pandas_timelines(folder: Path) -> None:
    """As one writes it with care: numpy expands, one sort brings votes together, lists come from offsets."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    reviews = pd.read_parquet(folder / "reviews.parquet")
    regions = pd.read_parquet(folder / "regions.parquet").explode("ranges").explode("labels")
    regions["segment_start"] = np.maximum([bound["start"] - 1 for bound in regions.pop("ranges").array], 0)
    bounds = pd.read_parquet(folder / "regions.parquet", columns=["ranges"]).explode("ranges")["ranges"]
    regions["segment_end"] = [bound["end"] - 1 for bound in bounds.array]
    segments = regions.merge(reviews, on=["task_id", "annotation_id"])
    segments["segment_end"] = np.minimum(segments["segment_end"], segments["n_frames"] - 1).astype("int32")
    segments["segment_start"] = segments["segment_start"].astype("int32")
    segments["label"] = segments["labels"].astype("category").cat.as_ordered()
    columns = ["place_id", "review_id", "annotation_id", "record", "label", "segment_start", "segment_end"]
    segments = segments[columns].drop_duplicates(ignore_index=True)
    lengths = (segments["segment_end"] - segments["segment_start"] + 1).to_numpy()
    frames = segments.loc[np.repeat(segments.index.to_numpy(), lengths)].reset_index(drop=True)
    position = np.arange(len(frames), dtype="int64") - np.repeat(np.cumsum(lengths) - lengths, lengths)
    length = np.repeat(lengths, lengths)
    half = (length - 1) // 2
    share = np.minimum(position, length - 1 - position) / np.maximum(half, 1)
    frames["frame_idx"] = (frames["segment_start"] + position).astype("int32")
    frames["weight"] = 0.5 + 0.5 * np.where(half > 0, share, 0)
    del position, length, half, share
    key = ["place_id", "frame_idx", "label"]
    frames = frames.sort_values(
        [*key, "weight", "segment_start", "segment_end"], ascending=[True] * 3 + [False, True, True]
    ).drop_duplicates([*key, "review_id"])
    groups = frames.groupby(key, observed=True, sort=True)
    weighed = groups.agg(
        weight_sum=("weight", "sum"),
        segment_start=("segment_start", "first"),
        segment_end=("segment_end", "first"),
        marked=("review_id", "size"),
        record=("record", "sum"),
    ).reset_index()
    ids = frames.sort_values([*key, "annotation_id"])["annotation_id"].to_numpy()
    del frames, groups
    offsets = np.concatenate([[0], weighed["marked"].cumsum()]).astype("int32")
    videos = reviews.groupby("place_id")[["episode_key", "view", "media", "reviewer_count"]].first()
    weighed = weighed.join(videos, on="place_id")

    def six(values: pd.Series) -> pd.Series:
        return np.floor(values * 1e6 + 0.5) / 1e6

    weighed["weight"] = six(weighed.pop("weight_sum") / weighed["reviewer_count"])
    weighed["agreement"] = weighed.pop("marked") / weighed["reviewer_count"]
    weighed["confidence"] = np.maximum(six(weighed.pop("record") / weighed["reviewer_count"]), 1e-6)
    strongest = weighed.sort_values(
        ["place_id", "frame_idx", "weight", "agreement", "label"], ascending=[True, True, False, False, True]
    )
    weighed["label_rank"] = strongest.groupby(["place_id", "frame_idx"]).cumcount().astype("int32") + 1
    del strongest
    weighed["label_posterior"] = np.nan
    weighed["annotation_row"] = np.arange(len(weighed))
    weighed = weighed.sort_values(["episode_key", "view", "frame_idx", "label"])
    lists = pa.ListArray.from_arrays(offsets, ids).take(pa.array(weighed.pop("annotation_row").to_numpy()))
    table = pa.Table.from_pandas(weighed.drop(columns="place_id"), preserve_index=False)
    table = table.append_column("annotation_ids", lists)
    pq.write_table(table, folder / "result.parquet", compression="zstd")


def polars_expansion(folder: Path) -> None:
    segments, _ = polars_segments(folder)
    frames = polars_frames(segments).select("review_id", "label", "frame_idx", "weight")
    frames.sink_parquet(folder / "result.parquet", compression="zstd")


def polars_pairs(folder: Path, engine: str, is_models_plan: bool = False) -> None:
    """The self-join on label and instance; by the models' plan on numbers, of earlier with later reviews."""
    import polars as pl

    points = pl.scan_parquet(folder / "keypoints.parquet")
    if is_models_plan:
        keys = ["place_id", "point_id"]
        earlier = points.filter(pl.col("review_number") < pl.col("reviewer_count"))
        later = points.filter(pl.col("review_number") > 1)
    else:
        keys = ["place_id", "label", "instance"]
        earlier = later = points.with_columns(pl.col("label", "instance").cast(pl.Categorical))
    columns = [*keys, "review_id", "x_px", "y_px"]
    dx, dy = pl.col("x_px") - pl.col("x_px_right"), pl.col("y_px") - pl.col("y_px_right")
    pairs = (
        earlier.select(columns)
        .join(later.select(columns), on=keys)
        .filter(pl.col("review_id") < pl.col("review_id_right"))
        .group_by("place_id", "review_id", "review_id_right")
        .agg(pl.len().alias("matched_points"), (dx * dx + dy * dy).sqrt().max().alias("disagreement_px"))
    )
    counts = points.group_by("review_id").agg(pl.len().alias("points"))
    result = (
        pairs.join(counts, on="review_id")
        .join(counts.rename({"review_id": "review_id_right"}), on="review_id_right", suffix="_right")
        .with_columns(pl.col("disagreement_px").round(6, mode="half_away_from_zero"))
        .select(
            *("place_id", "matched_points", "disagreement_px"),
            pl.col("review_id").alias("review_id_1"),
            pl.col("review_id_right").alias("review_id_2"),
            (pl.sum_horizontal("points", "points_right") - 2 * pl.col("matched_points")).alias(
                "unmatched_points"
            ),
            pl.when(pl.col("disagreement_px") > 20)
            .then(2)
            .when(pl.col("disagreement_px") >= 5)
            .then(1)
            .otherwise(0)
            .alias("point_tier"),
        )
    )
    result.sink_parquet(folder / "result.parquet", engine=engine)


def pandas_pairs(folder: Path) -> None:
    """The merge on label and instance as categories; of earlier with later reviews, to save memory."""
    import numpy as np
    import pandas as pd

    keys = ["place_id", "label", "instance"]
    columns = [*keys, "review_id", "review_number", "reviewer_count", "x_px", "y_px"]
    points = pd.read_parquet(folder / "keypoints.parquet", columns=columns)
    points = points.astype({"label": "category", "instance": "category"})
    counts = points.groupby("review_id").size()
    columns = [*keys, "review_id", "x_px", "y_px"]
    earlier = points.loc[points["review_number"] < points["reviewer_count"], columns]
    later = points.loc[points["review_number"] > 1, columns]
    del points
    pairs = earlier.merge(later, on=keys, suffixes=("_1", "_2"))
    pairs = pairs[pairs["review_id_1"] < pairs["review_id_2"]]
    dx, dy = pairs["x_px_1"] - pairs["x_px_2"], pairs["y_px_1"] - pairs["y_px_2"]
    pairs["distance_px"] = np.sqrt(dx * dx + dy * dy)
    result = pairs.groupby(["place_id", "review_id_1", "review_id_2"], as_index=False).agg(
        matched_points=("distance_px", "size"), disagreement_px=("distance_px", "max")
    )
    result["disagreement_px"] = np.floor(result["disagreement_px"] * 1e6 + 0.5) / 1e6
    points_of_both = result["review_id_1"].map(counts) + result["review_id_2"].map(counts)
    result["unmatched_points"] = points_of_both - 2 * result["matched_points"]
    distances = result["disagreement_px"]
    result["point_tier"] = np.select([distances > 20, distances >= 5], [2, 1], 0)
    result.to_parquet(folder / "result.parquet")


def group_by_scan(folder: Path) -> None:
    """The least one can do with all points: count them per review and take a maximum."""
    import duckdb

    relations = json.loads((folder / "statements.json").read_text(encoding="utf-8"))["relations"]
    with duckdb.connect(str(folder / "harvest.duckdb"), read_only=True) as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute(
            "create temp table scanned as select place_id, review_id, count(*) as points, max(x_px) as x_px "
            f"from {relations['keypoints']} group by place_id, review_id"
        )


CONTENDERS: dict[str, dict[str, Callable[[Path], object]]] = {
    "timelines": {
        "models": models,
        "polars": lambda folder: polars_timelines(folder, "in-memory"),
        "polars, streaming": lambda folder: polars_timelines(folder, "streaming"),
        "polars, the models' plan": polars_plan,
        "pandas": pandas_timelines,
    },
    "keypoint pairs": {
        "models": models,
        "models, 512 MB": models_512mb,
        "polars": lambda folder: polars_pairs(folder, "in-memory"),
        "polars, streaming": lambda folder: polars_pairs(folder, "streaming"),
        "polars, the models' plan": lambda folder: polars_pairs(folder, "streaming", is_models_plan=True),
        "pandas": pandas_pairs,
        "group-by scan": group_by_scan,
    },
    "expansion alone": {
        **{f"SQL, {name}": lambda folder, name=name: expansion(folder, name) for name in EXPANSIONS},
        "polars": polars_expansion,
    },
}


def main(job: str, name: str, folder: Path) -> None:
    library = name.partition(",")[0]
    for module in {"polars": ["polars"], "pandas": ["pandas", "pyarrow.parquet"]}.get(library, ["duckdb"]):
        importlib.import_module(module)
    start, used = time.perf_counter(), time.process_time()
    parts = CONTENDERS[job][name](folder)
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    print(json.dumps({"seconds": seconds, "cpu": cpu, "parts": parts if isinstance(parts, dict) else {}}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
