# Runs the blocks and tests that discovery found. This is a file because only a file gets a script scope of its own:
# what a test file sets as $script: lives in it, seen by all its tests and by no other file.
# Every block and every test gets one scope, and its steps are dot-sourced into that scope. The variables
# here are named so that no test file has them.
param($____Pester)

$____runTest = {
    param($____test)
    try {
        $____data = $____test.DefineData($ExecutionContext.SessionState)
        foreach ($____step in $____test.Setups) { . $____step @____data }
        if ($____test.Template.Script) { $____test.Name = & $____test.Template.Script }
        . $____test.Body @____data
    }
    catch {
        $____test.Fail($_)
    }
    finally {
        foreach ($____step in $____test.Teardowns) {
            try { . $____step @____data } catch { $____test.Fail($_) }
        }
    }
}

$____runBlock = {
    param($____block)
    try {
        $____data = $____block.DefineData($ExecutionContext.SessionState)
        if ($____block.BeforeAll) { . $____block.BeforeAll @____data }
        if ($____block.Template.Script) { $____block.Name = & $____block.Template.Script }
        & $____runItems $____block.Items
    }
    catch {
        $____block.Fail($_)
    }
    finally {
        if ($____block.AfterAll) {
            try { . $____block.AfterAll @____data } catch { $____block.Fail($_) }
        }
    }
}

$____runItems = {
    param($____items)
    foreach ($____item in $____items) {
        $____Pester.Enter($____item, $ExecutionContext.SessionState)
        try {
            # A stray break or continue ends the item, not the loop.
            do {
                if ($____item.IsBlock) { & $____runBlock $____item }
                elseif (-not $____item.Skip) { & $____runTest $____item }
            } while ($false)
        }
        finally {
            $____Pester.Leave($____item, $ExecutionContext.SessionState)
        }
    }
}

& $____runItems (, $____Pester.Root)
