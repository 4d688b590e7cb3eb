# The page in a real browser: sliders are moved, and what the page then says is compared with Measure-LoraResize.
BeforeDiscovery {
    $candidates = @($env:RESIZELORA_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome',
        'C:\Program Files\Google\Chrome\Application\chrome.exe', 'C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe')
    $hasBrowser = [bool] ($candidates | Where-Object { $_ -and [System.IO.File]::Exists($_) })
    # The title is what a run shows of skipped tests.
    $title = $hasBrowser ? 'The page in a browser' : 'The page in a browser: skipped, since Chromium is not installed'
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    . (Join-Path $PSScriptRoot 'PageSupport.ps1')
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'

    # Carries out steps in a browser (Page/tests/browser.mjs says which there are); gives what it answers.
    function Invoke-Page([string] $Page, [hashtable[]] $Step) { Invoke-PageProgram 'browser.mjs' $Page $Step }

    # The digits of a figure, which the page groups.
    function Get-Digit([string] $Text) { $Text -replace '\D' }
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe $title -Skip:(-not $hasBrowser) {
    BeforeAll {
        $page = Export-LoraSpectrum $lora, (Get-SamplePath 'lokr') -Checkpoint $base -Destination (Join-Path $TestDrive 'page.html') -Recipe 'spn_ckpt=1,thr=-1.2', 'subspace=1,thr=-1'
    }

    It 'shows the numbers of Measure-LoraResize while sliders move' {
        $moves = @(
            @{ slide = 'thr'; to = 0.4 }
            @{ slide = 'weight-spn_lora'; to = 0.35 }
            @{ slide = 'weight-params'; to = 0.1 }
            @{ slide = 'weight-subspace'; to = 0.6 }
            @{ slide = 'thr'; to = 0.7 }
            @{ slide = 'rescale'; to = 0.3 }
        )
        $steps = foreach ($move in $moves) { $move; @{ state = $true }; @{ read = '#figure-size' }; @{ read = '#figure-rank' } }
        $seen = Invoke-Page $page.FullName $steps
        $seen.problems | Should -BeNullOrEmpty
        for ($i = 0; $i -lt $moves.Count; $i++) {
            $state, $size, $rank = $seen.results[(3 * $i)..(3 * $i + 2)]
            $measured = Measure-LoraResize $lora -Checkpoint $base -Recipe $state.recipe -WarningAction SilentlyContinue
            Get-Digit $size | Should -Be "$($measured.NewLength)" -Because $state.recipe
            Get-Digit $rank | Should -Be "$($measured.NewRank)"
            [Math]::Abs($state.outcome.relativeErrorToLora - $measured.RelativeErrorToLora) | Should -BeLessOrEqual 1e-9
            [Math]::Abs($state.outcome.relativeErrorToBase - $measured.RelativeErrorToBase) | Should -BeLessOrEqual 1e-9
        }
    }

    It 'shows them for each way to cut' -ForEach @(
        @{ cut = 'retain'; slider = 'retain' }, @{ cut = 'loss'; slider = 'loss' }, @{ cut = 'size'; slider = 'size' }, @{ cut = 'keep'; slider = 'keep' }
    ) {
        $seen = Invoke-Page $page.FullName @{ click = "#cut-$cut" }, @{ slide = $slider; to = 0.6 }, @{ state = $true }, @{ read = '#figure-size' }
        $state, $size = $seen.results
        $state.recipe | Should -Match "\b$cut="
        Get-Digit $size | Should -Be "$((Measure-LoraResize $lora -Checkpoint $base -Recipe $state.recipe).NewLength)" -Because $state.recipe
    }

    It 'gives a command line that writes a file of the size that it says' {
        $seen = Invoke-Page $page.FullName @{ slide = 'thr'; to = 0.45 }, @{ state = $true }
        $folder = New-TestFolder
        $written = & ([scriptblock]::Create("$($seen.results[0].command) -OutputDirectory '$folder'"))
        (Get-Item $written.Path).Length | Should -Be $seen.results[0].outcome.newLength
    }

    It 'gives one for the layers of blocks that are left in, too' {
        $seen = Invoke-Page $page.FullName @{ evaluate = 'document.querySelectorAll(".map [type=checkbox]")[2].click()' }, @{ state = $true }
        $state = $seen.results[1]
        $state.command | Should -BeLike 'Get-LoraSpectrum*|*Where-Object*|*Resize-Lora*'
        $written = & ([scriptblock]::Create("$($state.command) -OutputDirectory '$(New-TestFolder)'"))
        (Get-Item $written.Path).Length | Should -Be $state.outcome.newLength
        $written.Layers.Count | Should -BeLessThan 51
    }

    It 'gives one for the layers that came down the pipeline' {
        $part = Get-LoraSpectrum $lora -Checkpoint $base | Where-Object { $_.Component -eq 'UNet' -and $_.Layer -notlike '*to_q' } |
            Export-LoraSpectrum -Destination (Join-Path $TestDrive 'part.html')
        $state = (Invoke-Page $part.FullName @{ state = $true }).results[0]
        $written = & ([scriptblock]::Create("$($state.command) -OutputDirectory '$(New-TestFolder)'"))
        (Get-Item $written.Path).Length | Should -Be $state.outcome.newLength
    }

    It 'gives one that works for a file that was resized before' {
        $small = Resize-Lora $lora -Checkpoint $base -OutputDirectory (New-TestFolder)
        $again = Export-LoraSpectrum $small.Path -Checkpoint $base -Destination (Join-Path $TestDrive 'again.html') -Recipe 'spn_ckpt=1,thr=-1'
        $state = (Invoke-Page $again.FullName @{ state = $true }).results[0]
        $written = & ([scriptblock]::Create("$($state.command) -OutputDirectory '$(New-TestFolder)'"))
        (Get-Item $written.Path).Length | Should -Be $state.outcome.newLength
    }

    It 'asks the network for nothing, and has no errors: <width> x <height>' -ForEach @(
        @{ width = 1440; height = 900 }, @{ width = 390; height = 844 }
    ) {
        $overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
        $seen = Invoke-Page $page.FullName @{ open = @{ width = $width; height = $height } }, @{ evaluate = $overflow }
        $seen.problems | Should -BeNullOrEmpty
        @($seen.requests | Where-Object { $_ -notmatch '^(file|data|blob):' }) | Should -BeNullOrEmpty
        $seen.results[0] | Should -BeLessOrEqual 0 -Because 'nobody should have to scroll sideways'
    }

    It 'runs nothing that stands in the names of files, layers or metadata' {
        $evil = '<img src=x onerror="window.broken=1">'
        $layers = @(New-Layer $queryLayer) + @(New-Layer "lora_unet_</script><script>window.broken=1</script>$evil")
        $path = Write-SafetensorsFile (Join-Path (New-TestFolder) "a'; `$(broken) 'b.safetensors") $layers @{ ss_output_name = $evil }
        $hostile = Export-LoraSpectrum -LiteralPath $path -Destination (Join-Path (New-TestFolder) 'page.html')
        $seen = Invoke-Page $hostile.FullName @{ evaluate = 'String(window.broken)' }, @{ evaluate = 'document.images.length' }, @{ state = $true }
        $seen.results[0] | Should -Be 'undefined'
        $seen.results[1] | Should -Be 0
        $seen.problems | Should -BeNullOrEmpty
        $written = & ([scriptblock]::Create("$($seen.results[2].command) -OutputDirectory '$(New-TestFolder)' -Force"))
        (Get-Item -LiteralPath $written.Path).Length | Should -Be $seen.results[2].outcome.newLength
    }
}
