"""What campaigns bring, for marimo: `marimo edit campaigns.marimo.py`, or `python campaigns.marimo.py` to run it and look at nothing."""

import marimo

__generated_with = "0.25.2"
app = marimo.App()


@app.cell
def _():
    import os
    from decimal import Decimal

    import duckdb
    import marimo as mo
    import matplotlib.pyplot as plt
    import polars as pl

    db = duckdb.connect(os.environ.get("SIGNALS_DB") or str(mo.notebook_dir() / "../../demo/signals.duckdb"), read_only=True)
    db.execute("SET TimeZone = 'UTC'")


    def ask(sql):
        """The rows of a SELECT as a frame of polars, which keeps DECIMAL as it is."""
        return db.sql(sql).pl()
    return Decimal, ask, db, mo, pl, plt


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # What campaigns bring

    Five questions to the signals of Acoustic Connect, each one cell of SQL and one picture. Change a line, and what depends on it runs again. More questions are in
    [docs/cookbook.md](../../docs/cookbook.md); what is counted, and how, is told in [docs/marts.md](../../docs/marts.md).

    It reads the warehouse of the demo (`npm run demo`), or what the variable `SIGNALS_DB` names: best the published copy, `SIGNALS_DB=…/current/signals.duckdb`, where nobody waits for this notebook. A warehouse that
    is open here cannot be loaded into: `db.close()` lets it go.

        pip install marimo duckdb polars pyarrow matplotlib
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Which campaigns earn how much?

    Each model shares the revenue of all orders among campaigns in its own way: `direct` by the message whose click led to the order, `last` by the last click of the contact before it, `linear` by all clicks of the days before
    alike. `first`, `time_decay` and `position_based` are there, too.
    """)
    return


@app.cell
def _(ask):
    revenue = ask("""
    SELECT coalesce(campaign_name, '(no campaign)') AS campaign, model, currency, sum(revenue) AS revenue
    FROM marts.attribution LEFT JOIN marts.campaign_names USING (campaign_id)
    WHERE model IN ('direct', 'last', 'linear')
    GROUP BY ALL
    ORDER BY currency, campaign, model
    """)
    revenue
    return revenue,


@app.cell
def _(pl, plt, revenue):
    _fig, _ax = plt.subplots(figsize=(9, 4))
    _models = ["direct", "last", "linear"]
    _euros = revenue.filter(pl.col("currency") == "EUR").pivot("model", index="campaign", values="revenue").fill_null(0)
    for _place, _model in enumerate(_models):
        _ax.barh([_y + (1 - _place) * 0.28 for _y in range(len(_euros))], _euros[_model].cast(pl.Float64), height=0.26, label=_model)
    _ax.set_yticks(range(len(_euros)), _euros["campaign"])
    _ax.set(title="Revenue by campaign and model", xlabel="EUR")
    _ax.legend(loc=2, bbox_to_anchor=(1, 1))
    _fig
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ### To the last digit

    Amounts are DECIMAL: they add up exactly, as long as nothing makes floating-point numbers of them. `.pl()` and `.arrow()` keep them, and `.fetchall()` gives Python's `Decimal`. **`.df()` makes floats**, and so does a picture: use
    them to look, not to add up. Here every model must add up to the orders themselves, which are added up by Python, one by one.
    """)
    return


@app.cell
def _(Decimal, db, pl, revenue):
    totals = {(model, currency): amount for model, currency, amount in revenue.group_by("model", "currency").agg(pl.col("revenue").sum()).rows()}

    orders = {}
    for currency, amount in db.sql("SELECT currency, order_value FROM marts.orders_once WHERE order_value IS NOT NULL").fetchall():
        orders[currency] = orders.get(currency, Decimal(0)) + amount

    for (model, currency), amount in totals.items():
        assert amount == orders[currency], (model, currency, amount, orders[currency])
    orders
    return orders,


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## How are e-mails opened and clicked, with and without bots?

    Counts are added up before they are divided. A bot is what Connect says is one, Apple's privacy protection among them.
    """)
    return


@app.cell
def _(ask):
    rates = ask("""
    SELECT coalesce(campaign_name, '(no campaign)') AS campaign, sum(sent)::BIGINT AS sent,
      sum(opened) / nullif(sum(trackable_opens), 0) AS open_rate, sum(opened_with_bots) / nullif(sum(trackable_opens), 0) AS open_rate_with_bots,
      sum(clicked) / nullif(sum(trackable_clicks), 0) AS click_rate, sum(clicked_with_bots) / nullif(sum(trackable_clicks), 0) AS click_rate_with_bots
    FROM marts.campaign_performance
    WHERE channel = 'email'
    GROUP BY campaign
    ORDER BY sent DESC, campaign
    """)
    rates
    return rates,


@app.cell
def _(plt, rates):
    _fig, _ax = plt.subplots(figsize=(9, 4))
    for _place, _name in enumerate(["open_rate_with_bots", "open_rate", "click_rate_with_bots", "click_rate"]):
        _ax.barh([_y + (1.5 - _place) * 0.21 for _y in range(len(rates))], rates[_name] * 100, height=0.2, label=_name.replace("_", " "))
    _ax.set_yticks(range(len(rates)), rates["campaign"])
    _ax.set(title="Opened and clicked, of e-mails whose opens and clicks can be seen", xlabel="percent")
    _ax.invert_yaxis()
    _ax.legend(loc=2, bbox_to_anchor=(1, 1))
    _fig
    return


@app.cell
def _(db, rates):
    # The same by another way.
    [(_sends,)] = db.sql("SELECT count(*) FROM marts.sends WHERE channel = 'email'").fetchall()
    assert rates["sent"].sum() == _sends
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## How many visits view, fill a cart, and order?
    """)
    return


@app.cell
def _(ask):
    visits = ask("""
    SELECT count(*) AS visits, count(*) FILTER (product_views > 0) AS viewed, count(*) FILTER (product_views > 0 AND cart_adds > 0) AS carted,
      count(*) FILTER (product_views > 0 AND cart_adds > 0 AND orders > 0) AS ordered
    FROM marts.sessions
    """)
    visits
    return visits,


@app.cell
def _(plt, visits):
    _fig, _ax = plt.subplots(figsize=(9, 2.5))
    _steps = visits.columns[::-1]
    _bars = _ax.barh(_steps, [visits[_step][0] for _step in _steps])
    _ax.bar_label(_bars, padding=3)
    _ax.set(title="Visits that viewed a product, put one into the cart, and ordered")
    _fig
    return


@app.cell
def _(db, visits):
    # The same by another way.
    [(_sessions,)] = db.sql("SELECT count(DISTINCT (acoustic_app_key, tltsid)) FROM behavior_signals WHERE tltsid IS NOT NULL AND is_test IS NOT TRUE").fetchall()
    assert visits["visits"][0] == _sessions
    assert visits.row(0) == tuple(sorted(visits.row(0), reverse=True))
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## How long does it take from the click to the order?

    Of orders with a click of their contact within the days before. The axis is logarithmic: most take minutes, some a day.
    """)
    return


@app.cell
def _(ask):
    minutes = ask("""
    SELECT channel, epoch(ordered_at - touched_at) / 60 AS minutes
    FROM marts.attribution
    WHERE model = 'last' AND touches > 0
    ORDER BY channel, minutes
    """)
    minutes
    return minutes,


@app.cell
def _(pl, plt, minutes):
    _fig, _ax = plt.subplots(figsize=(9, 3))
    _channels = minutes["channel"].unique().sort().to_list()
    _ax.boxplot([minutes.filter(pl.col("channel") == _channel)["minutes"] for _channel in _channels], orientation="horizontal")
    _ax.set_yticks(range(1, len(_channels) + 1), _channels)
    _ax.set_xscale("log")
    _ax.set(title="From the last click to the order", xlabel="minutes")
    _fig
    return


@app.cell
def _(db, minutes):
    # The same by another way.
    [(_clicked,)] = db.sql("SELECT count(DISTINCT order_key) FROM marts.order_touches").fetchall()
    assert len(minutes) == _clicked
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Where do e-mails not arrive?

    The picture has the ten domains with the most sends.
    """)
    return


@app.cell
def _(ask):
    domains = ask("""
    SELECT coalesce(recipient_domain, '(not known)') AS domain, sum(sent)::BIGINT AS sent, sum(delivered)::BIGINT AS delivered, sum(hard_bounced)::BIGINT AS hard_bounced,
      sum(soft_bounced)::BIGINT AS soft_bounced, sum(complained)::BIGINT AS complained
    FROM marts.deliverability_daily
    WHERE channel = 'email'
    GROUP BY domain
    ORDER BY sent DESC, domain
    """)
    domains
    return domains,


@app.cell
def _(pl, plt, domains):
    _fig, _ax = plt.subplots(figsize=(9, 3))
    _most = domains.head(10)
    _left = pl.Series([0] * len(_most))
    for _name in ["delivered", "soft_bounced", "hard_bounced"]:
        _ax.barh(_most["domain"], _most[_name], left=_left, label=_name.replace("_", " "))
        _left += _most[_name]
    _ax.invert_yaxis()
    _ax.set(title="E-mails by the domain of the recipient", xlabel="sends")
    _ax.legend(loc=2, bbox_to_anchor=(1, 1))
    _fig
    return


@app.cell
def _(db, domains):
    # The same by another way.
    [(_arrived,)] = db.sql("SELECT count(*) FROM marts.sends WHERE channel = 'email' AND delivered").fetchall()
    assert domains["delivered"].sum() == _arrived
    return


if __name__ == "__main__":
    app.run()
